"""時計: ours against the kernel's opinion of it, the log, the stores we deliver to and Airflow's database.

The log's order does not depend on clocks, but agreements, deadlines, links and certificates do, and S3 refuses requests
that are fifteen minutes off.
"""

from __future__ import annotations

import ctypes
import http.client
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from provision.connections import Credentials
from provision.context import Context
from provision.doctor.finding import Finding
from provision.errors import TokumeiError
from provision.ledger.places import place_of
from provision.ledger.reading import LedgerReader
from provision.model import BucketLanding, BucketSettings
from provision.remote.tls import verifying

#: Seconds apart that make a warning, and that make a failure.
OFF, WRONG = 30, 300
_NOT_SYNCHRONISED = 5  # TIME_ERROR, adjtimex(2)


def check(ctx: Context) -> Iterator[Finding]:
    """One answer a clock that can be asked."""
    yield _kernel()
    yield from _log(ctx)
    for connection in sorted(_stores(ctx)):
        yield from _store(ctx, connection)


def _kernel() -> Finding:
    """adjtimex(2) with nothing to set: whether some service keeps this clock right."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        state = _NOT_SYNCHRONISED
    if state == _NOT_SYNCHRONISED:
        return Finding("warn", "clocks", "this machine", "no service keeps its clock right", "apt-get install chrony")
    return Finding("good", "clocks", "this machine", "its clock is kept right")


def _log(ctx: Context) -> Iterator[Finding]:
    """Entries of tomorrow: the clock was set back since."""
    place = place_of(ctx.zones)
    if not place.exists():
        return
    with LedgerReader.read(place) as log:
        newest = log.entry(log.size - 1) if log.size else None
    if newest is not None:
        ahead = newest.when - datetime.now(UTC)
        yield _apart("ledger", max(ahead, timedelta()).total_seconds(), "the newest entry is of the future")


def _stores(ctx: Context) -> set[str]:
    channels = (channel for recipient in ctx.recipients.values() for channel in recipient.channels)
    found = {channel.connection for channel in channels if isinstance(channel, BucketSettings)}
    return found | {s.landing.connection for s in ctx.sources.values() if isinstance(s.landing, BucketLanding)}


def _store(ctx: Context, connection: str) -> Iterator[Finding]:
    """By the header Date of any answer, refusals too (RFC 9110, 6.6.1). Without an answer `servers` has the finding."""
    try:
        credentials = ctx.resolver.get(connection)
        date = _date(credentials, connection)
    except (TokumeiError, OSError, http.client.HTTPException, ValueError):
        return
    if date is not None:
        apart = abs(date.timestamp() - time.time())
        yield _apart(
            f"connection {connection}", max(0.0, apart - 1), "its clock and ours differ"
        )  # Date has no fractions


def _date(credentials: Credentials, connection: str) -> datetime | None:
    address = urlsplit(str(credentials.extra.get("endpoint_url") or ""))
    if not address.hostname:
        return None
    if address.scheme == "https":
        context = verifying(credentials, f"connection {connection}", "bucket.tls")
        line: http.client.HTTPConnection = http.client.HTTPSConnection(
            address.hostname, address.port, timeout=15, context=context
        )
    else:
        line = http.client.HTTPConnection(address.hostname, address.port, timeout=15)
    try:
        line.request("HEAD", "/")
        said = line.getresponse().getheader("Date")
    finally:
        line.close()
    return parsedate_to_datetime(said) if said else None


def _apart(where: str, seconds: float, what: str) -> Finding:
    if seconds < OFF:
        return Finding("good", "clocks", where, "within half a minute of ours")
    remedy = "set this machine's clock by NTP; if it is right, ask the other side"
    return Finding("fail" if seconds >= WRONG else "warn", "clocks", where, f"{what}: {seconds:.0f} s", remedy)


CHECK = check
