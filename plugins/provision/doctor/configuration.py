"""設定: what `tokumei config check` says, and agreements and confirmations that run out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from provision.checking import check_all
from provision.context import Context
from provision.doctor.finding import Finding
from provision.releasing.drafting import today

#: A warning this long before an agreement ends: a new one takes people weeks.
AHEAD = timedelta(days=60)
#: A key confirmed longer ago than this is confirmed again: people leave, machines are replaced.
CONFIRMED = timedelta(days=2 * 365)


def check(ctx: Context) -> Iterator[Finding]:
    """Every problem of every file, and what time does to files that hold."""
    problems = check_all(ctx.config_folder)
    for problem in problems:
        where = f"{problem.file}:{problem.line}" if problem.line else problem.file
        yield Finding("fail", "configuration", f"{where} {problem.key}".strip(), problem.what, problem.remedy)
    if not problems:
        yield Finding("good", "configuration", "config", "every file holds")
    for recipient in ctx.recipients.values():
        left = recipient.agreement.ends - today()
        if timedelta() <= left < AHEAD:
            yield _soon(recipient.id, f"the agreement ends in {left.days} days", "renew it, or tell the recipient")
        if today() - recipient.encryption.confirmed_on > CONFIRMED:
            yield _soon(recipient.id, "the key was confirmed long ago", "confirm it by telephone, set confirmed_on")
    if ctx.platform.environment == "production" and ctx.platform.backup_key is None:
        yield _soon("platform.yaml", "there is no backup_key", "make one: docs/operations.md, Backup")


def _soon(where: str, what: str, remedy: str) -> Finding:
    return Finding("warn", "configuration", where, what, remedy)


CHECK = check
