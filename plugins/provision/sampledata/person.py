"""The people of the fictitious world and their cards. Nobody here exists."""

from __future__ import annotations

from dataclasses import dataclass, field

from provision.sampledata.names import Name
from provision.sampledata.places import Address
from provision.sampledata.tables import Disease, Municipality


@dataclass(frozen=True, slots=True)
class Coverage:
    """資格: one insurer's card from day `start` to day `end` (ordinals, both included; `end` 0 is still valid).

    `ho` is the beginning of the claim's HO record for this card: insurer padded to eight, symbol and number full width.
    """

    insurer: str
    kind: str  # nhi, late, association, kyokai, society, mutual
    symbol: str
    number: str
    branch: str
    start: int
    end: int
    ho: str

    def covers(self, day: int) -> bool:
        """True where the card is valid on `day`."""
        return self.start <= day and (not self.end or day <= self.end)


@dataclass(slots=True)
class Person:
    """One person. `serial` is unique in the world; births are ordinals; `household` numbers the household."""

    serial: int
    household: int
    relation: str
    birth: int
    sex: str
    surname: Name
    given: Name
    town: Municipality
    address: Address
    phone: str
    resident_no: str
    chart: str
    ledger_surname: str
    romaji: str = ""
    coverages: tuple[Coverage, ...] = ()
    care_insurer: str = ""
    care_number: str = ""
    care_level: str = ""
    conditions: tuple[Disease, ...] = ()
    public: tuple[tuple[str, str], ...] = ()
    welfare: bool = False
    hospital: bool = False
    care: bool = False
    twin: int | None = field(default=None)
    namesake: int | None = field(default=None)
    kin: Person | None = field(default=None, repr=False, compare=False)

    @property
    def id(self) -> str:
        """Name of the person in the truth."""
        return f"p{self.serial:010d}"

    @property
    def name(self) -> str:
        """氏名 as claims write it, with a full-width space."""
        return f"{self.surname.kanji}　{self.given.kanji}"

    @property
    def kin_name(self) -> str:
        """Name of somebody in the same household, without a space, as it turns up in free text; alone: the own name."""
        return (self.kin or self).name.replace("　", "")

    @property
    def ledger_name(self) -> str:
        """氏名 as the resident ledger writes it: old characters, foreign names in Roman letters."""
        return self.romaji or f"{self.ledger_surname}　{self.given.kanji}"

    def coverage(self, day: int) -> Coverage | None:
        """The card valid on `day`, or None (public assistance has none)."""
        for coverage in self.coverages:
            if coverage.covers(day):
                return coverage
        return None
