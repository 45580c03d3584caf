"""What an identifier kind is: how it is found, how strong the finding is, and the examples it must keep to.

Adding a kind is one module in this package with a module-level ``KIND``; the contract test walks its examples.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from expectations.text import normal


class Strength(IntEnum):
    """How sure a finding is. A check digit is evidence, not proof: one random number in ten passes it."""

    WEAK = 1  # counted, stops nothing by itself
    LIKELY = 2  # stops a release
    CERTAIN = 3  # stops a release, and `scan` ends with an error

    @property
    def word(self) -> str:
        """Name for reports: weak, likely, certain."""
        return self.name.lower()


@dataclass(frozen=True)
class Example:
    """A made-up text with its column name or label, and the strength it must be found with."""

    text: str
    context: str = ""
    strength: Strength = Strength.LIKELY


Search = Callable[[str, str], Strength | None]


@dataclass(frozen=True)
class Identifier:
    """One kind of identifier. `search` gets text and context in normal form (context in lower case).

    `legal` names the rule that makes it an identifier, `source` where its form comes from. `documents_at` is the
    strength from which it stops a document or a file name (tables stop at likely). `must_not_match` are texts in
    which nothing likely or certain may be found.

    `traces` and `labels` make it quick over millions of texts (see `sieve`): a text without a match of `traces`, in a
    column whose name has no match of `labels`, is not looked at. `traces` must therefore match wherever `search` can
    find anything; it is read without regard to case in the normal form without blanks, with no look-around. Where
    only `labels` are given they are the traces too; with neither every text is looked at.
    """

    id: str
    ja: str
    en: str
    legal: str
    source: str
    search: Search
    must_match: tuple[Example, ...]
    must_not_match: tuple[Example, ...]
    needs_digits: bool = True
    documents_at: Strength = Strength.LIKELY
    traces: str = ""
    labels: str = ""

    @property
    def trace(self) -> str:
        """The pattern the sieve looks for; "" where every text must be looked at."""
        return self.traces or squeezed(self.labels)

    def find(self, text: str, context: str = "") -> Strength | None:
        """Strongest finding of this kind in `text`; `context` is the name of its column or its label."""
        return self.find_normal(_normal(text), _normal(context).lower())

    def find_normal(self, text: str, context: str) -> Strength | None:
        """As `find`, for text and context already in normal form."""
        if not text or (self.needs_digits and not _DIGIT.search(text)):
            return None
        return self.search(text, context)


_DIGIT = re.compile("[0-9]")
#: Kinds are asked one after the other about the same texts.
_normal = lru_cache(maxsize=1 << 16)(normal)
# What stands between a label and its value on forms and in notes, brackets closed and opened: 番号(旧) → 123.
GAP = r"(?:\((?:普通|当座|新|旧|現在)\)|[ :;=#()\[\]「」『』【】<>→⇒はが,|\t\"'.*・]|No\.?){0,6}"


class Labelled:
    """A test for `value` right behind one of `labels`, or anywhere in a text whose context is one of `labels`."""

    def __init__(self, labels: str, value: str) -> None:
        """Compile both patterns; they are read without regard to case."""
        self.labels = labels
        self._inline = re.compile(rf"(?:{labels}){GAP}(?<![0-9A-Za-z])(?:{value})(?![0-9A-Za-z])", re.IGNORECASE)
        self._label = re.compile(labels, re.IGNORECASE)
        self._alone = re.compile(rf"(?<![0-9A-Za-z])(?:{value})(?![0-9A-Za-z])", re.IGNORECASE)

    def __call__(self, text: str, context: str) -> bool:
        """True where `text` (normal form) holds such a value."""
        if context and self._label.search(context) and self._alone.search(text):
            return True
        return self._inline.search(text) is not None


def digits(text: str) -> str:
    """Only the digits of `text`."""
    return re.sub("[^0-9]", "", text)


def run(least: int) -> str:
    """Traces of a number: that many digits with at most one mark between two of them."""
    return rf"[0-9](?:[-./:・()]{{0,2}}[0-9]){{{least - 1}}}"


def squeezed(labels: str) -> str:
    """Traces of labels: the pattern as it is in a text without blanks, its look-around taken away."""
    return re.sub(r"\(\?<?[!=](?:[^()]|\([^()]*\))*\)| \??|\\b", "", labels)


def strongest(*found: Strength | None) -> Strength | None:
    """The strongest of several findings, or None."""
    return max((f for f in found if f is not None), default=None)
