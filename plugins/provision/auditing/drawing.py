"""The overview's charts: each a drawing and the same figures as a table, in the words of the page's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from provision import charts
from provision.auditing.words import Pair

#: Words of a label in one language.
Say = Callable[[Pair], str]


@dataclass(frozen=True)
class Chart:
    """`rows` are label, count and the query of a page that lists what was counted, "" where none does."""

    title: Pair
    heading: Pair
    rows: Sequence[tuple[Pair, int, str]]
    upright: bool = False

    def drawn(self, say: Say) -> Markup:
        """The drawing."""
        rows = [(say(label), count) for label, count, _ in self.rows]
        if self.upright:
            return charts.columns(say(self.title), rows, width=1180)
        return charts.bars(say(self.title), rows, width=560)

    @property
    def total(self) -> int:
        """Sum of all counts; 0 means that there is nothing to draw."""
        return sum(count for _, count, _ in self.rows)


def months(counts: Sequence[tuple[str, int]]) -> Chart:
    """Provisions per month, oldest first."""
    rows = [(Pair(f"{name[2:4]}年{int(name[5:])}月", name), count, "") for name, count in counts]
    return Chart(Pair("月別の提供件数", "Provisions per month"), Pair("月", "Month"), rows, upright=True)


def recipients(counts: Sequence[tuple[str, int]], known: Mapping[str, Pair]) -> Chart:
    """Provisions by recipient, most first."""
    rows = [
        (known.get(name, Pair(name, name)) if name else Pair("その他", "others"), count,
         f"recipient={name}" if name else "")
        for name, count in counts
    ]  # fmt: skip
    return Chart(Pair("提供先別", "By recipient"), Pair("提供先", "Recipient"), rows)


def categories(counts: Sequence[tuple[int, int]], known: Mapping[str, Pair]) -> Chart:
    """Provisions by content category of the published policy."""
    rows = [(_category(number, known.get(str(number))), count, f"category={number}") for number, count in counts]
    return Chart(Pair("情報の項目別", "By content category"), Pair("項目", "Category"), rows)


def _category(number: int, name: Pair | None) -> Pair:
    """A category whose name was filled in has number and name, any other its number."""
    if name is None or "記入" in name.ja:
        return Pair(f"項目 {number}", f"Category {number}")
    return Pair(f"{number} {name.ja}", f"{number} {name.en}")
