"""受領: drops of a source -> sealed batches in landing, each recorded once; see `landing` for where drops lie.

The same content twice is one batch, packed in an archive or not. Every step can be repeated: a task that died leaves
either the drop or the sealed batch, never half of one. A drop that stays at the sender's (``after: keep``) is known
again by its mark in the log.
"""

from __future__ import annotations

from dataclasses import dataclass

from provision.context import Context
from provision.errors import FixConfiguration, Quarantined, Refused
from provision.intake import landing
from provision.intake.cards import BatchCard, read_card
from provision.intake.landing.base import Drop, Landing
from provision.intake.registering import Register
from provision.intake.turning_away import turn_away
from provision.intake.unpacking import Opening, Sealing, fresh, seal_members
from provision.model import Source
from provision.recovery import require_vault


def receive(ctx: Context, source_id: str, *, actor: str) -> list[str]:
    """Receive every complete drop of a source. Gives all batches that wait to be taken in, also those of dead tasks.

    A drop that cannot be a batch goes to quarantine; the others go on. Raises `Quarantined` at the end only where
    nothing at all could be received; `RetryLater` and `FixConfiguration` where the landing cannot be reached.
    """
    source = ctx.source(source_id)
    require_vault(ctx)
    register = Register(ctx, source, actor)
    opening = Opening(source.archive_limits, _password(ctx, source))
    with landing.opened(ctx, source) as place:
        problems = _Desk(ctx, source, place, register, opening).receive_all()
    waiting = register.waiting()
    if problems and not waiting:
        raise Quarantined(problems[0], where=source_id, rule="receive", remedy="see the quarantine report") from None
    return waiting


def _password(ctx: Context, source: Source) -> bytes | None:
    """What opens the source's archives, None where no connection is named."""
    if source.archive_connection is None:
        return None
    password = ctx.resolver.get(source.archive_connection).password
    if not password:
        raise FixConfiguration(
            "the connection has no password",
            where=f"connection {source.archive_connection}",
            rule="archive.connection",
            remedy="write the password of the sender's archives into it",
        )
    return password.encode()


@dataclass(frozen=True)
class _Arrived:
    """A drop with its card; `label` names it without using the sender's words."""

    drop: Drop
    card: BatchCard
    label: str
    mark: str


@dataclass(frozen=True)
class _Desk:
    """One run over one landing."""

    ctx: Context
    source: Source
    place: Landing
    register: Register
    opening: Opening

    def receive_all(self) -> list[str]:
        """Everything that is there; gives what is wrong with the drops that were turned away."""
        problems: list[str] = []
        arrived: list[_Arrived] = []
        for number, drop in enumerate(self.place.drops(), 1):
            label, mark = f"drop {number}", self.register.mark(drop)
            if self.register.settled(mark):
                self._leave(drop)
                continue
            try:
                arrived.append(_Arrived(drop, read_card(drop), label, mark))
            except Refused as error:
                problems.append(self._turn_away(drop, label, error))
        # by period and sequence, not by the sender's folder names
        for each in sorted(arrived, key=lambda a: a.card.place):
            try:
                self._receive(each)
            except Refused as error:
                problems.append(self._turn_away(each.drop, each.label, error))
            else:
                self._leave(each.drop)
        return problems

    def _receive(self, arrived: _Arrived) -> None:
        if not arrived.drop.listing.items:
            raise Refused("the drop holds no files", rule="receive.empty", remedy="ask the sender")
        sealing = fresh(self.ctx.zones.landing() / f".receiving-{self.source.id}")
        try:
            seal_members(arrived.drop, self.opening, sealing)
            self._enter(arrived, sealing)
        finally:
            sealing.discard()

    def _enter(self, arrived: _Arrived, sealing: Sealing) -> None:
        card, register = arrived.card, self.register
        batch = register.batch(card, sealing)
        if register.known(batch, card, sealing, arrived.mark):
            return
        superseded = register.superseded(batch, card)
        target = self.ctx.zones.landing() / batch
        if not target.is_dir():  # it is where a task died before the entry
            sealing.settle(self.ctx.keys, f"batch-{batch}", target)
        register.enter(batch, card, sealing, superseded, arrived.mark)

    def _turn_away(self, drop: Drop, label: str, error: Refused) -> str:
        """Quarantine a drop as it lies now. Where it changes even then, it stays: the next run looks again."""
        now = drop.again()
        try:
            if now is not None:
                turn_away(self.ctx, self.source, now, self.register.mark(now), label, error, self.register.actor)
                self._leave(now)
        except Refused as moving:
            return f"{label}: {moving}"
        return f"{label}: {error}"

    def _leave(self, drop: Drop) -> None:
        """Take a drop away that the log knows the end of, unless it is to stay."""
        if not self.place.keeps:
            drop.take_away()
