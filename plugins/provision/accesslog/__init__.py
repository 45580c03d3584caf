"""閲覧記録: who looked at or downloaded what, apart from the provision log, because it ends.

The provision log is kept for years and says what the company did; this one says what its auditors and recipients
looked at, and is destroyed after `retention.access_days`. Rooms with pages call `record`. Every night `anchoring` puts
a digest of the day into the provision log, so that nobody can rewrite it later, and destroys what is over its time.

`record` is all that a room needs:

    accesslog.record(datetime.now(UTC), visitor.login, "auditors", "view", f"release/{release}")
"""

from __future__ import annotations

from datetime import datetime

from provision.accesslog.places import opened
from provision.accesslog.visit import visit

__all__ = ["record"]


def record(at: datetime, actor: str, room: str, action: str, subject: str) -> None:
    """Write down one page view or download. It is on the disk when this returns.

    `actor` is the login or the recipient's account, `room` and `action` one lower-case word each (``auditors``,
    ``portal``; ``view``, ``download``), `subject` the id of what was shown: ASCII, no spaces, such as
    ``release/r-2026-04`` or ``log``. Never what somebody typed: record what was found, after it was found.

    Raises `Refused` where one of these is not of its form, `RetryLater` and `FixConfiguration` where the log cannot be
    written. Callers then show nothing: what cannot be recorded is not read.
    """
    new = visit(at, actor, room, action, subject)
    with opened() as log:
        log.add(new)
