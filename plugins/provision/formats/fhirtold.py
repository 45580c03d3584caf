"""What FHIR records tell of their person, column by column -> cells of the head and `PEOPLE_COLUMNS`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from provision.formats.base import PEOPLE_COLUMNS
from provision.formats.fhircoded import Coded, Places
from provision.formats.fhiridentifiers import Columns

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
#: The column of the head with the birth, here as the Patient says it.
_BORN = "birth_month"
#: Columns of which many records have the same; of all others hardly two.
_FEW = frozenset({"resource_type", "document_type", "recorded", "facility", "insurer", "insured_as", "sex"})


@dataclass(frozen=True, repr=False)
class Told:
    """What some records say of their person, by column of the head. `facility` is that of the chart number where it is
    not the one that is told."""

    places: Places
    columns: Mapping[str, Coded]
    facility: str = ""

    @classmethod
    def of(cls, places: Places, columns: Columns, facility: str = "") -> Told:
        """Of the cells of records; columns in which nothing is told are left out."""
        coded = {name: Coded.of(cells) if name in _FEW else Coded.each(cells) for name, cells in columns.items()}
        return cls(places, {name: one for name, one in coded.items() if not one.empty}, facility)

    def says(self, name: str) -> npt.NDArray[np.bool_]:
        """Of each record whether it says something in a column."""
        known = self.columns.get(name)
        return np.zeros(len(self.places), np.bool_) if known is None else known.having(bool)

    def of_those(self, taken: npt.NDArray[np.bool_], numbers: Places) -> Told:
        """What those say that are taken, by their places; `numbers` are their new ones."""
        mine = taken[self.places]
        columns = self.columns if mine.all() else {name: one.at(mine) for name, one in self.columns.items()}
        return Told(numbers[self.places[mine]], columns, self.facility)

    def heads(self) -> dict[str, Coded]:
        """The columns of the head."""
        return {name: one.read(_birth) if name == _BORN else one for name, one in self.columns.items()}

    def people(self) -> dict[str, Coded]:
        """The columns of `PEOPLE_COLUMNS`, those that there are."""
        made = {name: one for name, one in self.columns.items() if name in PEOPLE_COLUMNS}
        if self.facility:
            made["facility"] = Coded.one(self.facility, len(self.places))
        if "insurer" in made:
            made["insurer"] = made["insurer"].read(_insurer)
        if _BORN in self.columns:
            made["birth"] = self.columns[_BORN].read(_evidence)
        return made


def _birth(text: str) -> str:
    """A whole birth date; a month gets a day that is cut off again on receipt and stands in no evidence."""
    return f"{text}-01" if _MONTH.fullmatch(text) else text


def _evidence(born: str) -> str | None:
    """A whole date that exists, else nothing."""
    if not _DAY.fullmatch(born):
        return None
    try:
        date.fromisoformat(born)
    except ValueError:
        return None
    return born.replace("-", "")


def _insurer(number: str) -> str | None:
    """As insurers are compared everywhere: six digits without zeros in front (`numbers.canonical_insurer`)."""
    if not number:
        return None
    bare = (number if number.isascii() else unicodedata.normalize("NFKC", number)).strip()
    return bare[2:] if len(bare) == 8 and bare.startswith("00") else bare
