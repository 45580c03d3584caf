"""Who sends: hospitals, clinics, pharmacies and care offices that do not exist, and the chart numbers they give."""

from __future__ import annotations

from dataclasses import dataclass

from provision.sampledata.numbering import checked, scattered
from provision.sampledata.person import Person


@dataclass(frozen=True)
class Facility:
    """`code` has seven digits (医療機関コード), `table` is the point table (1 medical, 3 dental, 4 dispensing)."""

    name: str
    table: str
    code: str
    phone: str
    salt: int = 0
    prefecture: str = "13"

    @property
    def number(self) -> str:
        """Prefecture, point table and code: ten digits, what a chart number belongs to in claims."""
        return f"{self.prefecture}{self.table}{self.code}"

    @property
    def survey_number(self) -> str:
        """施設コード of the DPC survey: prefecture and code, nine digits."""
        return f"{self.prefecture}{self.code}"

    def chart(self, person: Person) -> str:
        """カルテ番号 of a person here, ten digits with a check digit; the hospital of the first claims has its own."""
        return checked(scattered(person.serial, 9, self.salt)) if self.salt else person.chart


KITA = Facility("架空北病院", "1", "1999994", "03-0123-4567")
MINAMI = Facility("架空南総合病院", "1", "1888882", "03-0123-5678", 21)
AOBA = Facility("架空あおば歯科医院", "3", "3777771", "03-0123-6789", 22)
HINODE = Facility("架空ひので薬局", "4", "4666665", "03-0123-7890", 23)
FACILITIES = (KITA, MINAMI, AOBA, HINODE)
