"""What a question of the doctor's found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from provision.context import Context
from provision.errors import TokumeiError
from provision.ledger.entry import Entry
from provision.ledger.places import place_of
from provision.ledger.reading import LedgerReader


@dataclass(frozen=True)
class Finding:
    """`level`: ``fail`` stops work or breaks a promise, ``warn`` will, ``good`` was looked at and holds. `where` names
    a file, zone, key, connection or recipient, never a value."""

    level: Literal["good", "warn", "fail"]
    check: str
    where: str
    what: str
    remedy: str = ""

    @property
    def text(self) -> str:
        """One line for people."""
        said = f"{self.level:4} {self.check}: {self.where}: {self.what}"
        return f"{said} -> {self.remedy}" if self.remedy else said


#: One kind of question.
Check = Callable[[Context], Iterator[Finding]]


def entries(ctx: Context, type: str) -> list[Entry]:
    """Entries of a type; none where there is no log yet. Read only: looking must not make one."""
    place = place_of(ctx.zones)
    if not place.exists():
        return []
    with LedgerReader.read(place) as log:
        return list(log.entries(type=type))


def failed(check: str, error: TokumeiError, where: str = "") -> Finding:
    """An error of ours as a finding."""
    return Finding("fail", check, where or error.where or check, error.what, error.remedy)
