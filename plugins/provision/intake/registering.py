"""受領簿: what the log says of batches and drops of a source, and the entry that makes a sealed drop a batch."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from provision.context import Context
from provision.errors import Refused
from provision.intake.cards import BatchCard
from provision.intake.landing.base import Drop
from provision.intake.unpacking import Sealing
from provision.ledger.entry import Entry
from provision.model import Source

#: Entries that say what became of a drop.
_OUTCOMES = frozenset({"batch.received", "batch.duplicate", "drop.quarantined"})


@dataclass(frozen=True)
class Register:
    """The log, as receiving sees it."""

    ctx: Context
    source: Source
    actor: str

    def mark(self, drop: Drop) -> str:
        """A drop as it lies, keyed: names and times of a sender's files are nothing for the log."""
        key = self.ctx.keys.symmetric("landing-marks")
        return hmac.new(key, f"{self.source.id}\x1f{drop.listing.mark}".encode(), hashlib.sha256).hexdigest()[:32]

    def settled(self, mark: str) -> bool:
        """Whether the log says what became of this very drop, and nothing of it is lost: what is left to do is to take
        it away, if it is not to stay."""
        entries = self.ctx.ledger.entries(kind="source", subject=self.source.id)
        found = [e for e in entries if e.type in _OUTCOMES and e.payload.get("drop") == mark]
        return any(e.type == "drop.quarantined" or self._is_safe(e.subjects["batch"]) for e in found)

    def batch(self, card: BatchCard, sealing: Sealing) -> str:
        """Batch identity: source, format or formats, period, sequence and content."""
        parts = (self.source.id, ",".join(sorted(self.source.formats)), card.period, str(card.sequence), sealing.digest)
        return "B" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]

    def known(self, batch: str, card: BatchCard, sealing: Sealing, mark: str) -> bool:
        """Whether this content was received before. Another content under the same period and sequence is refused."""
        if self._is_safe(batch):
            self.ctx.ledger.append(
                "batch.duplicate", actor=self.actor, subjects={"batch": batch, "source": self.source.id},
                payload={"digest": sealing.digest, "drop": mark}, key=f"duplicate:{batch}:{mark}",
            )  # fmt: skip
            return True
        for entry in self._received():
            if _place(entry) == card.place and entry.subjects["batch"] != batch:
                remedy = "give it the next sequence and say what it supersedes"
                raise Refused(
                    "this period and sequence came with other content", rule="receive.sequence", remedy=remedy
                )
            if entry.payload["digest"] == sealing.digest and entry.subjects["batch"] != batch:
                remedy = "nothing to do, or ask the sender for the right files"
                raise Refused("the same files came as another batch", rule="receive.duplicate", remedy=remedy)
        return False

    def superseded(self, batch: str, card: BatchCard) -> dict[str, object]:
        """Period and sequence of the batch that this one replaces (差替え), empty for none; it may come after this one.

        `Refused` where it is not an earlier one, or where another batch that was not quarantined replaces it, too:
        which of the two is in force would be a guess.
        """
        if card.supersedes is None:
            return {}
        place: dict[str, object] = {"period": card.period, "sequence": card.supersedes}
        out = {batch, *(e.subjects["batch"] for e in self.ctx.ledger.entries(type="batch.quarantined"))}
        rivals = [e for e in self._received() if e.payload["supersedes"] == place]
        if card.supersedes >= card.sequence or any(e.subjects["batch"] not in out for e in rivals):
            what = "it supersedes a batch that is not an earlier one, or that another batch supersedes already"
            raise Refused(what, rule="receive.supersedes", remedy="ask the sender which batch is to stand")
        return place

    def enter(self, batch: str, card: BatchCard, sealing: Sealing, superseded: dict[str, object], mark: str) -> None:
        """The batch is received: its entry in the log."""
        source = self.source
        self.ctx.ledger.transition(
            "batch", batch, "received", actor=self.actor, subjects={"source": source.id}, key=f"received:{batch}",
            payload={
                "source": source.id, "format": source.format_said, "legal_status": source.legal_status,
                "period": card.period, "sequence": card.sequence, "supersedes": superseded,
                "files": len(sealing.files), "bytes": sum(f.size for f in sealing.files), "digest": sealing.digest,
                "archives": sealing.archives, "left_out": sealing.left_out, "drop": mark,
            },
        )  # fmt: skip

    def waiting(self) -> list[str]:
        """Batches with work left for taking in: also where a task died between its ledger entry and the destroying."""
        return [e.subjects["batch"] for e in self._received() if self._unfinished(e.subjects["batch"])]

    def _unfinished(self, batch: str) -> bool:
        state = self.ctx.ledger.state("batch", batch)
        return state in {"received", "accepted"} or (state == "quarantined" and self._is_sealed(batch))

    def _is_safe(self, batch: str) -> bool:
        """Whether the batch was received, and is sealed or already taken in."""
        state = self.ctx.ledger.state("batch", batch)
        return bool(state) and (state != "received" or self._is_sealed(batch))

    def _is_sealed(self, batch: str) -> bool:
        return (self.ctx.zones.landing() / batch).is_dir()

    def _received(self) -> list[Entry]:
        return list(self.ctx.ledger.entries(type="batch.received", kind="source", subject=self.source.id))


def _place(entry: Entry) -> tuple[object, object]:
    return entry.payload["period"], entry.payload["sequence"]
