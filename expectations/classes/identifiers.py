"""One expectation for every kind of identifier: ExpectColumnValuesToContainNoJapaneseTelephone and its like."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from expectations.classes.base import Arguments, Example, Own
from expectations.identifiers import Identifier, Strength
from expectations.text import normal


def expectation_name(kind: Identifier) -> str:
    """Class name of the expectation for one identifier kind."""
    return "ExpectColumnValuesToContainNo" + "".join(word[:1].upper() + word[1:] for word in kind.en.split())


#: One text is read by sixty kinds, one after the other.
_normal = lru_cache(maxsize=20_000)(normal)


def of_kind(kind: Identifier) -> Own:
    """The expectation for one kind; arguments: ``context`` of the column, ``at_least`` the strength that stops."""

    def test(arguments: Arguments) -> Callable[[Any], bool]:
        context, limit = arguments["context"], Strength(arguments["at_least"])
        label = normal(context).lower()
        return lambda value: (found := kind.find_normal(_normal(str(value)), label)) is None or found < limit

    clean = tuple(example.text for example in kind.must_not_match if not example.context)[:2]
    return Own(
        name=expectation_name(kind),
        ja=f"{kind.ja}が含まれないこと",
        en=f"Expect no value to contain: {kind.en} ({kind.ja}).",
        source=kind.legal,
        test=test,
        arguments={"context": "", "at_least": int(Strength.LIKELY)},
        examples=tuple(
            Example(
                {"context": one.context, "at_least": int(Strength.LIKELY)},
                clean if not one.context else (),
                (one.text,),
            )
            for one in kind.must_match
            if one.strength >= Strength.LIKELY
        )[:1],
    )
