"""Code systems and questions that a source may use: config/codes/fhir_system.tsv, and what the source declares itself.

Options of a source: ``systems: {word: [address, …]}`` adds addresses to a word of the list (a hospital that writes HOT
codes under an address of its own), ``questions: [code, …]`` names questions of its own questionnaires whose answers may
be kept where they are codes or numbers. A coding of any other system is not read and a question nobody knows is
dropped, both are counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from provision import codes
from provision.errors import FixConfiguration
from provision.formats.testvalues import ANSWER, JLAC10, JLAC11, LOINC

LIST = "fhir_system"
#: Words that stand for several of the list.
TEST = "test"
_TESTS = (JLAC10, JLAC11, LOINC)
_QUESTION = re.compile(next(c.domain for c in ANSWER if c.name == "question").removeprefix("form:"))


@dataclass(frozen=True, eq=False)
class Systems:
    """`addresses`: address -> word; `words`: word -> its addresses; `questions`: codes whose answers are kept. The same
    object for the same options (`systems`)."""

    addresses: Mapping[str, str]
    words: Mapping[str, frozenset[str]]
    questions: frozenset[str]

    def of(self, word: str) -> frozenset[str]:
        """The addresses of a word. KeyError where the list does not know it."""
        return self.words[word]


@cache
def listed() -> Mapping[str, str]:
    """Address -> word, of the list."""
    path = next(folder / f"{LIST}.tsv" for folder in codes.folders() if (folder / f"{LIST}.tsv").is_file())
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[2:]]
    return {address: row[0] for row in rows for address in row[3].split()}


def systems(options: Mapping[str, object]) -> Systems:
    """The list with what a source declares. `FixConfiguration` for other options, for words and questions that are
    none, and for an address that is given to two words."""
    return _plain() if not options else _told(options)


@cache
def _plain() -> Systems:
    """The list alone: what nearly every document is read by."""
    return _told({})


def _told(options: Mapping[str, object]) -> Systems:
    unknown = sorted(set(options) - {"systems", "questions"})
    if unknown:
        raise FixConfiguration(
            f"no option of this format is called {unknown[0]}", rule="format.options", remedy="systems or questions"
        )
    addresses = dict(listed())
    for word, added in _declared(options.get("systems", {})):
        if addresses.setdefault(added, word) != word:
            raise FixConfiguration(
                f"an address of {word} is that of {addresses[added]}",
                rule="fhir.systems",
                remedy="give every address to one word",
            )
    return _made(tuple(sorted(addresses.items())), tuple(sorted(_questions(options.get("questions", [])))))


@cache
def _made(addresses: tuple[tuple[str, str], ...], questions: tuple[str, ...]) -> Systems:
    """One object for the same options, so that what is made for it is made once."""
    names = {*codes.load(LIST).names}
    words = {name: frozenset(address for address, word in addresses if word == name) for name in names}
    words[TEST] = frozenset().union(*(words[name] for name in _TESTS))
    return Systems(dict(addresses), words, frozenset(codes.load("standard_question").names) | frozenset(questions))


def _declared(said: object) -> Iterable[tuple[str, str]]:
    known = codes.load(LIST).names
    if not isinstance(said, Mapping) or not all(word in known for word in said):
        raise FixConfiguration(
            "systems is not a map from our words to addresses",
            rule="fhir.systems",
            remedy=f"words: {', '.join(sorted(known))}",
        )
    for word, addresses in said.items():
        if not isinstance(addresses, list) or not all(isinstance(one, str) and one for one in addresses):
            raise FixConfiguration(
                f"systems.{word} is not a list of addresses", rule="fhir.systems", remedy="write a list"
            )
        yield from ((str(word), one) for one in addresses)


def _questions(said: object) -> Iterable[str]:
    if not isinstance(said, list) or not all(isinstance(one, str) and _QUESTION.fullmatch(one) for one in said):
        raise FixConfiguration(
            "questions is not a list of codes of questions", rule="fhir.questions", remedy="ASCII letters and digits"
        )
    return said
