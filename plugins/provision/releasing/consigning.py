"""送付物: what a channel is given about one order, from the release and the recipient's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from provision.acknowledging import link
from provision.approvals import ApprovalRequest
from provision.channels.base import Consignment, OutboxFile
from provision.context import Context
from provision.errors import FixConfiguration, Refused
from provision.model import BucketSettings, DiscSettings, MailSettings, Recipient, SftpSettings, Words
from provision.packaging.notice import statement
from provision.releasing.drafting import TOKYO

#: Links and the like end at most this long after an attempt.
LONGEST = timedelta(days=30)
#: Channels that send the recipient a message, which carries the link to acknowledge the delivery.
WITH_MESSAGE = frozenset({"mail", "bucket"})


def consignment(
    ctx: Context, asked: ApprovalRequest, order: str, files: tuple[OutboxFile, ...], attempt: int
) -> Consignment:
    """The consignment of one order of a release. `FixConfiguration` where the recipient has no such channel, `Refused`
    where its address is not the agreement's."""
    made = recalled(ctx, asked, order, files, attempt)
    _require_agreed(ctx.recipient(asked.recipient), asked.channel, bool(ctx.platform.portal_url))
    has_message = asked.channel in WITH_MESSAGE and not made.page  # on its page the receipt is confirmed with proof
    return replace(made, acknowledge=link(ctx, order)) if has_message else made


def recalled(
    ctx: Context, asked: ApprovalRequest, order: str, files: tuple[OutboxFile, ...] = (), attempt: int = 1
) -> Consignment:
    """The consignment to take back: what somebody holds must go, whatever the agreement says of addresses by now."""
    recipient, title = ctx.recipient(asked.recipient), ctx.plan(asked.plan).title
    return _made(ctx, recipient, asked.channel, order, asked.release, title, files, attempt, asked.notice)


def consigned(
    ctx: Context,
    recipient: Recipient,
    channel: str,
    order: str,
    release: str,
    title: Words,
    files: tuple[OutboxFile, ...],
    attempt: int,
) -> Consignment:
    """A consignment of these files to a recipient through one of its channels, to an address of the agreement."""
    _require_agreed(recipient, channel, bool(ctx.platform.portal_url))
    return _made(ctx, recipient, channel, order, release, title, files, attempt, statement(ctx.platform, recipient))


def _made(
    ctx: Context,
    recipient: Recipient,
    channel: str,
    order: str,
    release: str,
    title: Words,
    files: tuple[OutboxFile, ...],
    attempt: int,
    notice: Mapping[str, str],
) -> Consignment:
    operator = ctx.platform.operator
    ends = datetime.combine(recipient.agreement.ends, time(23, 59), TOKYO).astimezone(UTC)
    return Consignment(
        order=order,
        release=release,
        recipient=recipient.id,
        recipient_name={"ja": recipient.name.ja, "en": recipient.name.en},
        title={"ja": title.ja, "en": title.en},
        notice=dict(notice),
        operator={"name_ja": operator.name.ja, "name_en": operator.name.en, "contact": operator.contact},
        files=files,
        settings=_settings(recipient, channel).model_dump(),
        expires=min(ends, datetime.now(UTC) + LONGEST),
        attempt=attempt,
        staging=ctx.zones.staging(),
        page=_page(ctx, recipient, channel, order),
    )


def _page(ctx: Context, recipient: Recipient, channel: str, order: str) -> str:
    """Where a bucket's files are fetched: the order's page on the portal of a recipient that has one, else ""."""
    if channel != "bucket" or recipient.portal is None or not ctx.platform.portal_url:
        return ""
    return f"{ctx.platform.portal_url.rstrip('/')}/releases/{order}"


def _settings(recipient: Recipient, channel: str) -> MailSettings | DiscSettings | BucketSettings | SftpSettings:
    found = recipient.channel(channel)
    if found is None:
        raise FixConfiguration(
            f"no settings for channel {channel}", where=f"config/recipients/{recipient.id}.yaml",
            rule="channel.settings", remedy="add the channel to the recipient",
        )  # fmt: skip
    return found


def _require_agreed(recipient: Recipient, channel: str, has_portal: bool) -> None:
    """`Refused` where a message would go to an address that the agreement does not name; `FixConfiguration` where it
    would have to hold links that open by themselves instead of leading to the portal."""
    found = _settings(recipient, channel)
    if isinstance(found, BucketSettings) and recipient.portal is not None and not has_portal:
        raise FixConfiguration(
            "the recipient fetches through the portal, and there is none", where="config/platform.yaml, portal_url",
            rule="channel.portal", remedy="nothing was sent; add portal_url to platform.yaml",
        )  # fmt: skip
    if isinstance(found, MailSettings | BucketSettings) and not recipient.agreement.covers(found.address):
        raise Refused(
            "the agreement names no such address",
            where=f"config/recipients/{recipient.id}.yaml, channel {channel}",
            rule="channel.address",
            remedy="nothing was sent; agree on the address, then add it to agreement.addresses",
        )
