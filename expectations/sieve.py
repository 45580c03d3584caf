"""Which of many texts a kind has to look at: one pass of patterns over all of them, detectors only on what is left.

A detector costs microseconds, a payload has millions of texts, and nearly none holds anything. So texts are brought
into a rough form in columns (Polars), all kinds' traces are looked for at once, and only texts with a trace are read
by the kinds whose trace it is. The rough form forgets more than the normal form does, so nothing gets through: that a
sieve finds what the detectors find is tested with every kind's examples in every disguise.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from expectations.identifiers import Identifier, Strength, all_kinds
from expectations.text import HYPHENS, INVISIBLE, normal

if TYPE_CHECKING:
    import polars as pl

_BATCH = 100_000
#: So few texts are read by all kinds in less time than the patterns take to be made ready.
_FEW = 300
#: Characters NFKC leaves as they are, alone and beside each other; the inside of a character class.
STABLE = r"\x00-\x7f\u3001-\u3029\u3030-\u3035\u3041-\u3096\u30a1-\u30fe\u4e00-\u9fff"
_DIGITS = dict(zip("〇零一二三四五六七八九㊀㊁㊂㊃㊄㊅㊆㊇㊈", "00123456789123456789", strict=True)) | {
    "十": "10",
    "百": "100",
    "㊉": "10",
}


def find_each(
    texts: Iterable[str], context: str = "", kinds: Sequence[Identifier] | None = None
) -> Iterator[tuple[int, dict[str, Strength]]]:
    """Place and findings of every text in which any of `kinds` (all by default) is found, in order.

    `context` is the name of the texts' column. Equal to `find_all` on each text, only faster over many.
    """
    chosen = all_kinds() if kinds is None else tuple(kinds)
    label, source, start = normal(context).lower(), iter(texts), 0
    while batch := list(islice(source, _BATCH)):
        for place, found in _batch(batch, label, chosen):
            yield start + place, found
        start += len(batch)


def _batch(texts: list[str], label: str, kinds: Sequence[Identifier]) -> Iterator[tuple[int, dict[str, Strength]]]:
    wanted = _wanted(texts, label, kinds) if len(texts) > _FEW else dict.fromkeys(range(len(texts)), kinds)
    for place in sorted(wanted):
        plain = normal(texts[place])
        found = {kind.id: strength for kind in wanted[place] if (strength := kind.find_normal(plain, label))}
        if found:
            yield place, found


def _wanted(texts: list[str], label: str, kinds: Sequence[Identifier]) -> Mapping[int, Sequence[Identifier]]:
    """The kinds that have to look at each text, by its place."""
    import polars as pl

    traced = [kind for kind in kinds if kind.trace and not (label and _labels(kind).search(label))]
    always = [kind for kind in kinds if kind not in traced]
    wanted: defaultdict[int, list[Identifier]] = defaultdict(list)
    for kind in always:
        for place in range(len(texts)):
            wanted[place].append(kind)
    if traced:
        rough = _rough(pl.Series("text", texts, dtype=pl.String))
        places = rough.str.contains(_together(tuple(kind.trace for kind in traced))).arg_true()
        left = rough.gather(places)
        for kind in traced:
            for place in places.filter(left.str.contains(f"(?i){kind.trace}")):
                wanted[place].append(kind)
    return wanted


def _rough(texts: pl.Series) -> pl.Series:
    """The form traces are read in: NFKC without blanks, one hyphen, kanji digits as digits one by one."""
    plain = texts.str.replace_many(*_table())
    others = plain.str.contains(f"[^{STABLE}]").arg_true()
    if len(others):
        plain = plain.scatter(others, plain.gather(others).str.normalize("NFKC"))
    return plain.str.replace_all("([0-9])[ー〜~]", "${1}-")


@cache
def _table() -> tuple[list[str], list[str]]:
    """What is replaced by what, in one pass, before NFKC: full-width letters too, as hardly a text is without."""
    every = [chr(code) for code in (*range(0x10000), *range(0xE0100, 0xE01F0))]
    unseen = re.compile(rf"[\s{INVISIBLE}]")
    hyphen = re.compile(f"[{HYPHENS}]")
    gone = [sign for sign in every if unseen.match(sign)]
    hyphens = [sign for sign in every if hyphen.match(sign)]
    table = {chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)} | _DIGITS
    table |= dict.fromkeys(hyphens, "-") | dict.fromkeys(gone, "")
    return list(table), list(table.values())


@cache
def _together(traces: tuple[str, ...]) -> str:
    return "(?i)" + "|".join(f"(?:{trace})" for trace in traces)


@cache
def _labels(kind: Identifier) -> re.Pattern[str]:
    return re.compile(kind.labels or "(?!)", re.IGNORECASE)
