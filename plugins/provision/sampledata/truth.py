"""The truth, for tests only: who is who, and whose claim is whose. Kept apart from everything the senders write.

``people.jsonl``: one object per person with ``person``, ``household``, ``names`` (each spelling as [surname, given]),
``kana`` ([surname, given]), ``romaji``, ``birth``, ``sex``, ``zip``, ``address`` (each way it is written), ``phone``,
``kin``, ``twin``, ``namesake`` and ``tokens`` over time (``kind`` health, care, chart, resident or public).
``claims.jsonl``: one object per claim, care claim or ledger row with ``source``, ``drop``, ``file``, ``claim`` (its
ordinal in the file, from 1), ``person``, ``month`` (of service) and ``kind`` (first, late, rebilled, corrected, row).
"""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import IO

from provision.sampledata.calendar import compact
from provision.sampledata.person import Person
from provision.sampledata.uke_claim import FACILITY


class Truth:
    """Writes both files; a context manager."""

    def __init__(self, folder: Path) -> None:
        """Open (and empty) the truth in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        self._people = (folder / "people.jsonl").open("w", encoding="utf-8")
        self._claims = (folder / "claims.jsonl").open("w", encoding="utf-8")

    def __enter__(self) -> Truth:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._people.close()
        self._claims.close()

    def person(self, person: Person) -> None:
        """Write one person."""
        _line(self._people, _described(person))

    def claim(self, source: str, drop: str, file: str, claim: int, person: Person, month: str, kind: str) -> None:
        """Write whose claim (or row) number `claim` of a file is."""
        _line(
            self._claims,
            {
                "source": source,
                "drop": drop,
                "file": file,
                "claim": claim,
                "person": person.id,
                "month": month,
                "kind": kind,
            },
        )


def _line(stream: IO[str], item: dict[str, object]) -> None:
    stream.write(json.dumps(item, ensure_ascii=False, separators=(",", ":")) + "\n")


def _described(person: Person) -> dict[str, object]:
    given = person.given.kanji
    names = [[person.surname.kanji, given]]
    if person.ledger_surname != person.surname.kanji:
        names.append([person.ledger_surname, given])
    address = person.address
    return {
        "person": person.id,
        "household": person.household,
        "names": names,
        "kana": [person.surname.kana, person.given.kana],
        "romaji": person.romaji,
        "birth": compact(person.birth),
        "sex": person.sex,
        "zip": address.zip,
        "address": [address.text, address.region + address.street, address.street],
        "phone": person.phone,
        "kin": person.kin.id if person.kin else None,
        "twin": _id(person.twin),
        "namesake": _id(person.namesake),
        "tokens": _tokens(person),
    }


def _id(serial: int | None) -> str | None:
    return None if serial is None else f"p{serial:010d}"


def _tokens(person: Person) -> list[dict[str, str]]:
    tokens = [
        {
            "kind": "health",
            "insurer": c.insurer,
            "symbol": c.symbol,
            "number": c.number,
            "branch": c.branch,
            "from": compact(c.start),
            "to": compact(c.end) if c.end else "",
        }
        for c in person.coverages
    ]
    if person.care_number:
        tokens.append({"kind": "care", "insurer": person.care_insurer, "number": person.care_number})
    if person.hospital:
        tokens.append({"kind": "chart", "facility": FACILITY, "number": person.chart})
    tokens.append({"kind": "resident", "number": person.resident_no})
    return tokens + [{"kind": "public", "insurer": payer, "number": number} for payer, number in person.public]
