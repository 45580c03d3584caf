"""相手: every server we deliver to, fetch from or send alerts through answers, lets us in and takes what we would do.

By rehearsal: connections, rights, host keys, certificates and room are tried, and nothing is delivered or fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from provision.channels import _smtp
from provision.channels._letter import check_address, plain, sender_of
from provision.context import Context
from provision.doctor.finding import Finding, failed
from provision.errors import TokumeiError, without_values
from provision.intake import landing
from provision.releasing.rehearsing import rehearse
from provision.remote import mailbox


def check(ctx: Context) -> Iterator[Finding]:
    """One answer a channel of a recipient, a landing of a source, and the two mail boxes of our own."""
    for recipient in ctx.recipients.values():
        for channel in recipient.channels:
            yield _tried(f"{recipient.id}, {channel.kind}", lambda r=recipient.id, k=channel.kind: rehearse(ctx, r, k))  # type: ignore[misc]
    for source in ctx.sources.values():
        yield _tried(f"{source.id}, landing", lambda s=source: _look(ctx, s))  # type: ignore[misc]
    yield _tried("alerts", lambda: _alerts(ctx))
    if ctx.platform.returns is not None:
        yield _tried("returns", lambda: _returns(ctx))


def _tried(where: str, call: Callable[[], object]) -> Finding:
    try:
        without_values(call)()
    except TokumeiError as error:
        place = f"{where} ({error.where})" if error.where else where
        return failed("servers", error, place)
    return Finding("good", "servers", where, "it is ready")


def _look(ctx: Context, source: object) -> None:
    with landing.opened(ctx, source) as place:  # type: ignore[arg-type]
        place.look()


def _alerts(ctx: Context) -> None:
    connection = ctx.platform.alert_connection
    credentials = ctx.resolver.get(connection)
    to = check_address(ctx.platform.alert_address, "platform.yaml, alert_address")
    letter = plain("doctor", sender_of(credentials, connection), to, "[Tokumei] rehearsal", "nothing is sent")
    _smtp.rehearse(letter, credentials, connection)


def _returns(ctx: Context) -> None:
    assert ctx.platform.returns is not None
    with mailbox.opened(ctx.platform.returns, ctx.resolver):
        pass


CHECK = check
