"""受領場所: where a sender's drops lie. One kind per file behind `base.Landing`, chosen by ``landing.kind``."""

from __future__ import annotations

from contextlib import AbstractContextManager

from provision.context import Context
from provision.intake.landing import bucket, inbox, sftp
from provision.intake.landing.base import Landing
from provision.model import BucketLanding, SftpLanding, Source


def opened(ctx: Context, source: Source) -> AbstractContextManager[Landing]:
    """The landing of a source, connected for as long as the context lasts. Trouble on the way is `RetryLater`; a
    missing bucket or directory, a right or a host key is `FixConfiguration`."""
    settings = source.landing
    if isinstance(settings, BucketLanding):
        return bucket.opened(settings, ctx.resolver)
    if isinstance(settings, SftpLanding):
        return sftp.opened(settings, ctx.resolver)
    return inbox.opened(ctx.zones.inbox(source.id))
