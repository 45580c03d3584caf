"""回数制限: how often somebody may try something, counted in the database so that a restart forgets nothing.

Counters hold keyed digests of addresses, not the addresses. ASVS 2.2.1, 11.1.4.
"""

from __future__ import annotations

from dataclasses import dataclass

from provision.errors import RetryLater
from provision.portal.database import Database
from provision.portal.secrecy import Secrecy


@dataclass(frozen=True)
class Limit:
    """At most `times` in `seconds`."""

    what: str
    times: int
    seconds: float


#: One-time links for one address, and asked for from one place: enough for people, not for flooding a mailbox.
LINKS_TO_ADDRESS = Limit("link-address", 5, 900)
LINKS_FROM_PLACE = Limit("link-place", 30, 900)
#: Codes from one place, whoever's they are.
CODES_FROM_PLACE = Limit("code-place", 60, 900)
INVITATIONS = Limit("invitation", 20, 3600)
REPORTS = Limit("report", 10, 3600)
#: Digests typed to confirm a receipt: eight hexadecimal digits cannot be guessed in so few tries.
CONFIRMATIONS = Limit("confirmation", 20, 3600)


def count(db: Database, secrecy: Secrecy, limit: Limit, who: str, now: float) -> None:
    """Count one try. `RetryLater` where there were too many already: then it is not counted and not done."""
    key = secrecy.mac("limit", limit.what, who)
    with db.opened() as rows:
        rows.execute("DELETE FROM attempt WHERE what = ? AND at < ?", (limit.what, now - limit.seconds))
        tried = rows.execute("SELECT count(*) FROM attempt WHERE what = ? AND who = ?", (limit.what, key)).fetchone()[0]
        if tried < limit.times:
            rows.execute("INSERT INTO attempt VALUES (?, ?, ?)", (limit.what, key, now))
            return
    raise RetryLater(
        "too many tries", rule="portal.limit", remedy=f"wait {round(limit.seconds / 60)} minutes and try again"
    )
