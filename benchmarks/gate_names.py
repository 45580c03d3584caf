"""How many names the gate finds in clinical sentences: as often as people bear them, rare, and made up.

    python -m benchmarks.gate_names
    python -m benchmarks.gate_names --surnames FILE --sentences FILE     # lists and texts of others, one a line

Twenty contexts in which notes name people. A rare surname of the lists is looked for with a fifth of these left out of
everything the detector reads, its model of surnames too, so nothing is judged by what it was made from. The bars are
what the STRICT method (every proper noun of SudachiPy, unknown words, rules) was measured at on such sentences.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from random import Random
from unittest.mock import patch

from benchmarks.leak_matrix import names as people
from expectations.identifiers import Strength, all_kinds, find_all
from expectations.identifiers import _likeness as model
from expectations.identifiers import _names as lists
from expectations.identifiers._lists import listed

BEFORE = (
    "昨日より発熱あり、",
    "血圧132/84、",
    "ロキソニン60mg処方。",
    "橋本病で通院中。",
    "",
    "胸部CTで浸潤影、",
    "14時 ",
)
AFTER = ("", "。疼痛なし。", "、明日再検予定。", "。バイタル安定。")
CONTEXTS = (
    "{s}様来院", "{s}様の家族へ連絡", "{s}Drに報告", "Dr.{s}の指示で中止", "{s}先生より指示あり",
    "主治医{s}へ報告した", "主治医：{s}", "担当：{s}", "{s}記", "点滴更新（{s}）", "{s}に報告した", "{s}{g}が来院",
    "{s}{g}様", "氏名：{s}{g}", "{s}看護師と訪室", "{s}病院へ紹介", "{s}さんより電話", "{s}　{g}は術後3日目",
    "{s}師長へ申し送り", "長男（{g}）に説明",
)  # fmt: skip
#: A fifth of the surnames of the lists is held out.
_FOLDS = 5


@dataclass(frozen=True)
class Found:
    """Shares of names found, by context."""

    shares: dict[str, float]

    @property
    def mean(self) -> float:
        """Over all contexts, each counting alike."""
        return sum(self.shares.values()) / len(self.shares)

    @property
    def worst(self) -> tuple[float, str]:
        """The lowest share and its context."""
        return min((share, context) for context, share in self.shares.items())


def found(surname: Callable[[Random], str], each: int, seed: int) -> Found:
    """Shares of `each` names a context, surnames drawn by `surname`, given names from the public list."""
    draw = Random(f"names {seed}")
    return Found({context: _share(context, surname, each, draw) for context in CONTEXTS})


def _share(context: str, surname: Callable[[Random], str], each: int, draw: Random) -> float:
    kind = next(kind for kind in all_kinds() if kind.id == "person_name")
    phrases = (context.format(s=surname(draw), g=people.listed(draw).given) for _ in range(each))
    texts = (draw.choice(BEFORE) + phrase + draw.choice(AFTER) for phrase in phrases)
    return sum((kind.find(text) or 0) >= Strength.LIKELY for text in texts) / each


def by_population() -> Callable[[Random], str]:
    """Surnames as often as people bear them."""
    counted = lists.counted_surnames()
    running = list(accumulate(counted.values()))
    return lambda draw: draw.choices(list(counted), cum_weights=running)[0]


def one_of(surnames: Sequence[str]) -> Callable[[Random], str]:
    """Any of `surnames`, all alike."""
    return lambda draw: draw.choice(surnames)


def made_up(draw: Random) -> str:
    """A surname put together from characters of old surnames that no list has."""
    return people.unlisted(draw).surname


@contextmanager
def held_out(fold: int = 0) -> Iterator[list[str]]:
    """The surnames of two and more characters of one fold, unknown to the detector inside the block."""
    out = frozenset(name for name in listed("surnames") if len(name) > 1 and zlib.crc32(name.encode()) % _FOLDS == fold)

    def without(name: str) -> frozenset[str]:
        return listed(name) - out if name == "surnames" else listed(name)

    try:
        with patch.object(lists, "listed", without):
            _forget()
            lists.names()
            yield sorted(out)
    finally:
        _forget()


def _forget() -> None:
    lists.names.cache_clear()
    model.models.cache_clear()
    model.likeness.cache_clear()


def false_stops(sentences: Sequence[str]) -> list[str]:
    """Those of `sentences` that a release would stop for, whatever for."""
    return [text for text in sentences if max(find_all(text).values(), default=Strength.WEAK) > Strength.WEAK]


def report(each: int, seed: int, surnames: Path | None, sentences: Path | None) -> None:
    """Measure and print, bars beside figures."""
    _line("by population", found(by_population(), each, seed), "(bar .990, worst .967)")
    with held_out() as out:
        _line("rare, held out of the lists", found(one_of(out), each, seed), "(bar .962, worst .883)")
    _line("made up", found(made_up, each, seed), "")
    if surnames:
        rare = sorted(set(_lines(surnames)) - set(lists.counted_surnames()))
        _line(f"{len(rare):,} of {surnames.name}", found(one_of(rare), each, seed), "(bar .962, worst .883)")
    if sentences:
        texts = _lines(sentences)
        print(f"sentences that stop: {len(false_stops(texts))} of {len(texts):,} (bar 1 in 1,000)")


def _line(group: str, shares: Found, bar: str) -> None:
    share, context = shares.worst
    print(f"{group}: {shares.mean:.3f} on average, {share:.3f} in the worst context ({context}) {bar}".rstrip())


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8").splitlines() if line.strip()]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=300, help="names in every context")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--surnames", type=Path, help="a list of surnames; the most frequent 1,999 are left out")
    parser.add_argument("--sentences", type=Path, help="sentences in which nobody is named")
    chosen = parser.parse_args()
    sys.exit(report(chosen.each, chosen.seed, chosen.surnames, chosen.sentences))
