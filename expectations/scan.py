"""Looks for identifiers in any file or folder, without configuration: counts by file, column, kind and strength.

Not the gate: it knows no contract, so it reports and judges only by strength. Numbers are read with care, because
one random number in ten has a valid check digit: a column of numbers counts where most of it looks like the kind.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from expectations.identifiers import Strength, detectors_version, find_all
from expectations.layouts import Part
from expectations.sieve import find_each
from expectations.unwrap import Unread, unwrap

_NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?")
_MOST = 0.5
#: Digits from which a number of JSON is hardly a count.
_MORE_THAN_A_COUNT = 8
#: A column with so many distinct values, most of them likely names, is a column of names.
_MANY_NAMES = 10


@dataclass(frozen=True)
class Count:
    """How many values (cells, lines) of one place hold one kind, at their strongest."""

    file: str
    column: str
    kind: str
    strength: str
    count: int


@dataclass(frozen=True)
class ScanReport:
    """Counts without values. File and column names that hold an identifier themselves are shown as numbers."""

    files: int
    counts: tuple[Count, ...]
    unread: tuple[Unread, ...]

    def __str__(self) -> str:
        """One line per count, certain ones first, then what could not be read."""
        order = sorted(self.counts, key=lambda c: (-Strength[c.strength.upper()], c.file, c.column, c.kind))
        lines = [f"{c.strength:8} {c.kind:28} {c.count:>9}  {c.file} [{c.column}]" for c in order]
        lines += [f"unread   {one.reason:28} {'':>9}  {one.file}" for one in self.unread]
        return "\n".join(lines) or "nothing found"

    @property
    def certain_found(self) -> bool:
        """True where something certain was found: `tokumei scan` then ends with exit status 3."""
        return any(count.strength == Strength.CERTAIN.word for count in self.counts)

    def as_json(self) -> dict[str, object]:
        """JSON-ready: files, counts, unread, and totals by kind and strength."""
        totals: Counter[str] = Counter()
        for one in self.counts:
            totals[f"{one.kind} {one.strength}"] += one.count
        return {
            "files": self.files,
            "certain_found": self.certain_found,
            "detectors_version": detectors_version(),
            "totals": dict(sorted(totals.items())),
            "counts": [asdict(count) for count in self.counts],
            "unread": [asdict(one) for one in self.unread],
        }


@dataclass(frozen=True)
class Progress:
    """How far a scan is: files begun, distinct values looked at, kinds found so far. No name and no value."""

    files: int
    values: int
    kinds: int


def scan(path: Path, tell: Callable[[Progress], None] = lambda progress: None) -> ScanReport:
    """Scan a file or everything below a folder; `tell` hears after every part how far it is.

    Raises FileNotFoundError where there is nothing at `path`. Rule: APPI Enforcement Rules art. 34 items 1-3; nothing
    is written, nothing is shown but counts.
    """
    if not path.exists():
        raise FileNotFoundError("nothing to scan at the given path")
    labels = _Labels()
    counts: Counter[tuple[str, str, str, Strength]] = Counter()
    unread: list[Unread] = []
    values = 0
    for part in unwrap(path):
        if isinstance(part, Unread):
            unread.append(Unread(labels.of("file", part.file), part.reason))
            continue
        place = labels.of("file", part.file), labels.of("column", part.column)
        for (kind, strength), count in judge(part).items():
            counts[(*place, kind, strength)] += count
        values += len(part.values)
        tell(Progress(labels.number("file"), values, len({kind for _, _, kind, _ in counts})))
    found = [Count(f, c, kind, strength.word, n) for (f, c, kind, strength), n in sorted(counts.items())]
    return ScanReport(labels.number("file"), tuple(found), tuple(unread))


def judge(part: Part) -> Counter[tuple[str, Strength]]:
    """Counts by kind and strength in one part, with numbers held to the rule of this module."""
    found: Counter[tuple[str, Strength]] = Counter()
    bare: dict[tuple[str, Strength], list[int]] = {}
    values = list(part.values.items())
    held_numbers = [part.number or _NUMBER.fullmatch(value.strip()) is not None for value, _ in values]
    numbers, names = sum(held_numbers), 0
    for place, kinds in find_each((value for value, _ in values), part.context):
        count, number = values[place][1], held_numbers[place]
        for kind, strength in _without_amounts(part, values[place][0], kinds).items():
            if strength == Strength.CERTAIN or not number:
                found[kind, strength] += count
                names += kind == "person_name" and strength >= Strength.LIKELY
            elif not part.number:
                bare.setdefault((kind, strength), []).append(count)
    for (kind, strength), rows in bare.items():
        held = strength if len(rows) >= _MOST * numbers else Strength.WEAK
        found[kind, held] += sum(rows)
    if len(part.values) >= _MANY_NAMES and names >= _MOST * len(part.values):
        found["person_name", Strength.CERTAIN] += found.pop(("person_name", Strength.LIKELY), 0)
    return +found


def _without_amounts(part: Part, value: str, kinds: dict[str, Strength]) -> dict[str, Strength]:
    """`kinds` as found; of a number of JSON a key alone makes nothing certain: it may count what the key names. A kind
    that is found without the key, by the number's own form, stays as it is; else few digits are weak, more likely."""
    if not part.amounts:
        return kinds
    formed = find_all(value)
    most = Strength.LIKELY if len(value) >= _MORE_THAN_A_COUNT else Strength.WEAK
    return {kind: strength if kind in formed else min(strength, most) for kind, strength in kinds.items()}


class _Labels:
    """Names as they may be shown: one that holds an identifier becomes a number."""

    def __init__(self) -> None:
        self._shown: dict[tuple[str, str], str] = {}

    def of(self, kind: str, name: str) -> str:
        """The label of `name`, the same every time it is asked for."""
        key = (kind, name)
        if key not in self._shown:
            pieces = [name, *re.split(r"[/!_.]", name)]
            unsafe = any(max(find_all(p).values(), default=Strength.WEAK) > Strength.WEAK for p in pieces)
            self._shown[key] = f"{kind} {self.number(kind) + 1}" if unsafe else name
        return self._shown[key]

    def number(self, kind: str) -> int:
        """How many names of this kind were seen."""
        return sum(seen == kind for seen, _ in self._shown)
