"""復旧のあと: what a machine made from a backup may not do before somebody has looked.

The log ends at the backup. What happened between that moment and the loss of the machine is not in it: a delivery may
have left, and people may have objected. So an order of before that nobody here saw handed over is asked about, also
where the recipient's server could be looked at: what lies there was sealed anew and is not what this machine has. And
nothing is taken in or made until the vault, which holds the objections, is restored as well.
"""

from __future__ import annotations

from provision.context import Context
from provision.errors import Refused
from provision.ledger.entry import Entry

#: Entry types: a set was restored.
RESTORED, VAULT_RESTORED = "platform.restored", "platform.vault_restored"


def require_vault(ctx: Context) -> None:
    """`Refused` between restoring the data and restoring the vault."""
    restored = _newest(ctx, RESTORED)
    if restored is not None and not any(True for _ in ctx.ledger.entries(type=VAULT_RESTORED, start=restored.seq)):
        raise Refused(
            "the vault was not restored: who is who, and who objected, is not known here", where="vault",
            rule="restored.vault", remedy="tokumei restore the vault's backup, then run this again",
        )  # fmt: skip


def doubtful(ctx: Context, release: str, order: str) -> bool:
    """Whether an order may have been handed over between the backup and the loss of the machine: its release is older
    than the restore, and nothing was said of the order since."""
    restored = _newest(ctx, RESTORED)
    if restored is None:
        return False
    drafted = next(iter(ctx.ledger.entries(type="release.drafted", kind="release", subject=release)))
    since = ctx.ledger.entries(type="delivery.", kind="delivery", subject=order, start=restored.seq)
    said = any(entry.type in {"delivery.failed", "delivery.handed_over"} for entry in since)
    return drafted.seq < restored.seq and not said


def _newest(ctx: Context, type: str) -> Entry | None:
    return max(ctx.ledger.entries(type=type), key=lambda entry: entry.seq, default=None)
