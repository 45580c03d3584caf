"""The truth, for tests only: who is who, and whose claim is whose. Kept apart from everything the senders write.

``people.jsonl``: one object per person with ``person``, ``household``, ``names`` (each spelling as [surname, given]),
``kana`` ([surname, given]), ``romaji``, ``birth``, ``sex``, ``zip``, ``address`` (each way it is written), ``phone``,
``kin``, ``twin``, ``namesake`` and ``tokens`` over time (``kind`` health, care, chart, resident or public).
``claims.jsonl``: one object per claim, care claim, stay or ledger row with ``source``, ``drop``, ``file``, ``claim``
(its ordinal in the file, from 1), ``person``, ``month`` (of service) and ``kind`` (first, late, rebilled, corrected,
returned, row, document).
``evidence.jsonl``: the same lines in the same order, each with what stands on that record about its person, by the
names of `PEOPLE_COLUMNS`, in the plainest spelling; what is empty is left out.
``files.jsonl``: one object per file with ``source``, ``drop``, ``file``, ``format``, ``totals`` (as the format adds up:
payers and points, units and yen, stays and rows) and ``rows`` (records by kind); of a delivery of documents one object
for all its files, ``file`` being ``.``, with ``totals`` files, heads and passed_over, and ``rows`` by table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from provision.sampledata.calendar import compact
from provision.sampledata.facilities import KITA, Facility
from provision.sampledata.person import Person


class Truth:
    """Writes all files; a context manager. `charts` are facilities that know everybody by a chart number."""

    def __init__(self, folder: Path, charts: Sequence[Facility] = ()) -> None:
        """Open (and empty) the truth in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        self._charts = charts
        names = ("people", "claims", "evidence", "files")
        self._streams = {name: (folder / f"{name}.jsonl").open("w", encoding="utf-8") for name in names}

    def __enter__(self) -> Truth:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in self._streams.values():
            stream.close()

    def person(self, person: Person) -> None:
        """Write one person."""
        charts = [{"kind": "chart", "facility": f.number, "number": f.chart(person)} for f in self._charts]
        _line(self._streams["people"], _described(person, charts))

    def claim(
        self,
        source: str,
        drop: str,
        file: str,
        claim: int,
        person: Person,
        month: str,
        kind: str,
        evidence: Mapping[str, str],
    ) -> None:
        """Write whose claim (or row) number `claim` of a file is, and what it tells of that person."""
        place: dict[str, object] = {"source": source, "drop": drop, "file": file, "claim": claim, "person": person.id}
        _line(self._streams["claims"], {**place, "month": month, "kind": kind})
        _line(self._streams["evidence"], {**place, **{name: value for name, value in evidence.items() if value}})

    def file(
        self, source: str, drop: str, file: str, form: str, totals: Mapping[str, int], rows: Mapping[str, int]
    ) -> None:
        """Write what a finished file of the format `form` adds up to."""
        place: dict[str, object] = {"source": source, "drop": drop, "file": file, "format": form}
        _line(self._streams["files"], {**place, "totals": dict(totals), "rows": dict(sorted(rows.items()))})


def _line(stream: IO[str], item: dict[str, object]) -> None:
    stream.write(json.dumps(item, ensure_ascii=False, separators=(",", ":")) + "\n")


def _described(person: Person, charts: list[dict[str, str]]) -> dict[str, object]:
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
        "tokens": _tokens(person) + charts,
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
        tokens.append({"kind": "chart", "facility": KITA.number, "number": person.chart})
    tokens.append({"kind": "resident", "number": person.resident_no})
    return tokens + [{"kind": "public", "insurer": payer, "number": number} for payer, number in person.public]
