"""Independent readers of the fictitious world's files: they share nothing with its writers."""

from __future__ import annotations

import csv
import json
from pathlib import Path


class Written:
    """Where the world lies, and its truth."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.people = {p["person"]: p for p in _jsonl(out / "truth" / "people.jsonl")}
        self.claims = _jsonl(out / "truth" / "claims.jsonl")

    def file(self, source: str, drop: str) -> Path:
        """The one data file of a drop."""
        (path,) = [p for p in (self.out / "senders" / source / drop).iterdir() if p.name != "batch.yaml"]
        return path

    def of(self, source: str, drop: str) -> list[dict]:
        """Truth about the claims of a drop, in order."""
        return [c for c in self.claims if (c["source"], c["drop"]) == (source, drop)]

    def lines(self, name: str) -> list[dict]:
        """Lines of one file of the truth."""
        return _jsonl(self.out / "truth" / f"{name}.jsonl")


def _jsonl(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def read_uke(data: bytes) -> tuple[list[str], list[list[list[str]]], list[str]]:
    """(IR, claims, GO): each claim a list of records, each record a list of columns. Written apart from the writer."""
    records = [line.split(",") for line in data.decode("cp932").rstrip("\x1a").split("\r\n") if line]
    claims: list[list[list[str]]] = []
    for record in records[1:-1]:
        if record[0] == "RE":
            claims.append([])
        claims[-1].append(record)
    return records[0], claims, records[-1]


def read_csv(path: Path, encoding: str) -> list[list[str]]:
    """All rows of a CSV file."""
    return list(csv.reader(path.read_text(encoding).splitlines()))


def totals(claims: list[list[list[str]]]) -> tuple[int, int]:
    """(総件数, 総合計点数) as an examiner would add them up."""
    payers = sum(record[0] in ("HO", "KO") for claim in claims for record in claim)
    main = [next(record for record in claim if record[0] in ("HO", "KO")) for claim in claims]
    return payers, sum(int(record[5]) for record in main)
