"""What is planted: one made-up value, the words people write around it, and how often the gate has to find it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

#: Bars of a group: the part of its values in texts, documents and metadata that has to stop the release.
ALL, NEARLY_ALL = 1.0, 0.99
#: Names as often as people bear them, as the STRICT method of the measured study finds them in clinical sentences. Of
#: rare and made-up ones recall is only reported: the matrix's are odder than most (四月一日 is a date too), and some
#: stand without any sign; `benchmarks.gate_names` measures rare ones against the study's figure.
LISTED_NAMES = 0.99


@dataclass(frozen=True)
class Value:
    """One identifier of a fictitious person.

    `text` is disguised, `phrase` (with one ``{}``) stands around it wherever there is room for words, `column` is the
    header of a column that would hold such values. `written` are disguises only this value knows, such as an era date;
    what a `machine` writes nobody writes with blanks or kanji digits.
    """

    text: str
    phrase: str = "{}"
    column: str = "備考"
    written: Mapping[str, str] = field(default_factory=dict)
    machine: bool = False


@dataclass(frozen=True)
class Maker:
    """Makes values of one kind of the gate's (`kind`, by id); `bar` is None where recall is only reported.

    One kind may have several makers, told apart by `group`: a number with its label and without, names of a list and
    others. `cell` says that the bare value in a cell must be found too, without a label or a telling header.
    """

    kind: str
    group: str
    make: Callable[[Random], Value]
    bar: float | None = ALL
    cell: bool = False


def words(text: str) -> tuple[str, ...]:
    """The words of a line, to keep lists of them readable."""
    return tuple(text.split())


def digits(draw: Random, count: int) -> str:
    """That many random digits."""
    return "".join(draw.choice("0123456789") for _ in range(count))


_BEHIND_LABEL = (
    "：{}",
    ":{}",
    ": {}",
    " {}",
    "　{}",
    "{}",
    "は{}",
    "＝{}",
    "({})",
    "（{}）",
    "「{}」",
    "→{}",
    "　：　{}",
)


def labelled(draw: Random, *labels: str) -> str:
    """A phrase with one of `labels` in front, joined in one of the ways forms and notes do it."""
    label, joint = draw.choice(labels), draw.choice(_BEHIND_LABEL)
    # Nobody writes MyNumber1234 or PassportTK1234567 in one word.
    return label + (" {}" if joint == "{}" and label[-1].isascii() and label[-1].isalpha() else joint)
