"""What was signed: checkpoints of the folder, the database and elsewhere, and the leaf hashes they vouch for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from provision.errors import LedgerBroken
from provision.ledger import notes
from provision.ledger.checkpoints import CheckpointFolder
from provision.ledger.merkle import Tree
from provision.ledger.notes import Checkpoint
from provision.ledger.signing import Verifier


@dataclass(frozen=True)
class Source:
    """A note and where it was found; `size` is what its place says it is of, None where the place says nothing."""

    where: str
    note: str
    size: int | None = None


@dataclass
class Evidence:
    """The checkpoints that can be believed, what was wrong with the others, and the leaves as they were signed."""

    checkpoints: list[tuple[str, Checkpoint]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)


def from_folder(path: Path) -> list[Source]:
    """The notes of the folder beside the database at `path`."""
    folder = CheckpointFolder.beside(path)
    return [Source(f"checkpoints/{size}.note", folder.note(size), size) for size in folder.sizes()]


def weigh(
    sources: Sequence[Source],
    keys: Sequence[Verifier],
    folder: CheckpointFolder,
    kept: Iterable[CheckpointFolder] = (),
) -> Evidence:
    """Check every note. Without `keys` signatures are not looked at, and only contradictions are found. `folder` is
    beside the log, `kept` are folders of somebody else."""
    evidence = Evidence()
    for source in sources:
        try:
            checkpoint = notes.verify(source.note, keys) if keys else notes.parse(source.note)
        except LedgerBroken as error:
            evidence.faults.append(f"{source.where}: {error.what}")
            continue
        if source.size not in (None, checkpoint.size):
            evidence.faults.append(f"{source.where}: it is of size {checkpoint.size}")
        evidence.checkpoints.append((source.where, checkpoint))
    evidence.checkpoints.sort(key=lambda found: found[1].size)
    evidence.faults.extend(_split_views(evidence.checkpoints))
    _recall_leaves(evidence, folder, kept)
    return evidence


def _split_views(checkpoints: Sequence[tuple[str, Checkpoint]]) -> list[str]:
    """Two roots for one size mean that two different logs were signed: somebody was shown another one."""
    seen: dict[int, tuple[str, bytes]] = {}
    faults = []
    for where, checkpoint in checkpoints:
        other, root = seen.setdefault(checkpoint.size, (where, checkpoint.root))
        if root != checkpoint.root:
            faults.append(f"{where} and {other}: two different logs of size {checkpoint.size} were signed")
    return faults


def _recall_leaves(evidence: Evidence, folder: CheckpointFolder, kept: Iterable[CheckpointFolder]) -> None:
    """Leaf hashes of the folder beside the log, unless those kept elsewhere say otherwise: these were out of the hands
    of whoever owns the log."""
    own, faults = _vouched(evidence, folder)
    evidence.faults.extend(faults)
    elsewhere = max((_vouched(evidence, other)[0] for other in kept), key=len, default=[])
    evidence.leaves = own if own[: len(elsewhere)] == elsewhere else elsewhere


def _vouched(evidence: Evidence, folder: CheckpointFolder) -> tuple[list[bytes], list[str]]:
    """Join the files ``<size>.leaves`` of a folder as far as signed roots vouch for them; and what stopped it."""
    roots: dict[int, set[bytes]] = {}
    for _, checkpoint in evidence.checkpoints:
        roots.setdefault(checkpoint.size, set()).add(checkpoint.root)
    tree, vouched, faults = Tree(), 0, []
    for size in folder.sizes():
        more = folder.leaves(size)
        if more is not None and tree.size + len(more) == size:
            for leaf in more:
                tree.append(leaf)
        elif size in roots:
            faults.append(f"checkpoints/{size}.leaves: missing or cut")
            break
        if size in roots and tree.root(size) not in roots[size]:
            faults.append(f"checkpoints/{size}.leaves: not the leaves that were signed")
            break
        vouched = size if size in roots else vouched
    return tree.levels[0][:vouched], faults
