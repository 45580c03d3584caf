"""控え: the newest backup of each set is of these days, and the vault's is not older than what it must cover."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from provision.backup.saving import SAVED
from provision.context import Context
from provision.doctor.finding import Finding, entries
from provision.ledger.entry import Entry

#: Older than this is too old: a backup is made every night.
OLD = timedelta(hours=50)


def check(ctx: Context) -> Iterator[Finding]:
    """Where a key to seal to is set, a backup is expected."""
    newest: dict[object, Entry] = {entry.payload["set"]: entry for entry in entries(ctx, SAVED)}
    for wanted, key in (("data", ctx.platform.backup_key), ("vault", ctx.platform.vault_backup_key)):
        if key is None:
            continue
        entry, command = newest.get(wanted), "tokumei backup" + (" --vault" if wanted == "vault" else "")
        if entry is None:
            yield Finding("warn", "backups", wanted, "there never was one", f"{command} FOLDER, and put it into cron")
        elif datetime.now(UTC) - entry.when > OLD:
            days = (datetime.now(UTC) - entry.when).days
            yield Finding("warn", "backups", wanted, f"the newest is {days} days old", f"see why {command} did not run")
        else:
            yield Finding("good", "backups", wanted, "the newest is of these days")
    yield from _covered(ctx, newest.get("vault"))


def _covered(ctx: Context, vault: Entry | None) -> Iterator[Finding]:
    last = max((entry.seq for entry in entries(ctx, "batch.accepted")), default=-1)
    if vault is not None and vault.payload["size"] <= last:
        what = "batches were taken in since: with this one a restore would be refused"
        yield Finding("warn", "backups", "vault", what, "tokumei backup --vault FOLDER after the data")


CHECK = check
