"""被保険者 of FHIR: the cards of many Coverages at once.

A Coverage has the whole card as an identifier (``JP_Insurance_memberID``), or symbol, number and branch as extensions,
as ``subscriberId`` and ``dependent``, and the insurer as its payor.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any

from provision.formats.fhiridentifiers import CARD, NO_CARD, Card, Columns, card, columns, insurer_number

#: The number of the insurer that a Coverage, by its place, refers to.
Insurers = Callable[[int, str], str | None]
_ADDRESS = re.compile(
    r"http://jpfhir\.jp/fhir/core/(?:Extension/)?StructureDefinition/JP_Coverage_InsuredPerson(Symbol|Number|SubNumber)"
)
_PARTS = {"Symbol": "symbol", "Number": "number", "SubNumber": "branch"}
#: How many addresses of extensions are remembered.
_REMEMBERED = 4_096


def of_coverages(coverages: Sequence[Any], insurers: Insurers, told: Sequence[Card] = ()) -> Columns:
    """The cards of Coverages. What a Coverage does not say of symbol, number and branch, the card `told` beside it
    does."""
    each = enumerate(zip(coverages, told or repeat(NO_CARD, len(coverages)), strict=True))
    return columns(CARD, [_card(at, coverage, beside, insurers) for at, (coverage, beside) in each])


def _card(at: int, coverage: Any, told: Card, insurers: Insurers) -> Card:
    for whole in map(card, coverage.f_identifier or ()):
        if whole:
            return whole
    symbol, number, branch = _extended(coverage.f_extension)
    _, other_symbol, other_number, other_branch = _subscribed(coverage.f_subscriberId, told)
    number, branch = number or other_number, branch or coverage.f_dependent or other_branch
    return _payer(at, coverage.f_payor, insurers), symbol or other_symbol, number, branch


def _extended(extensions: Any) -> tuple[str | None, str | None, str | None]:
    """Symbol, number and branch as extensions."""
    symbol, number, branch = None, None, None
    for one in extensions or ():
        part = "" if one is None else _part(one.f_url)
        if part == "symbol":
            symbol = symbol or one.f_valueString
        elif part == "number":
            number = number or one.f_valueString
        elif part:
            branch = branch or one.f_valueString
    return symbol, number, branch


def _subscribed(subscriber: str | None, told: Card) -> Card:
    """The card that was `told`, with symbol and number of ``subscriberId`` where it has both."""
    symbol, colon, number = unicodedata.normalize("NFKC", subscriber or "").partition(":")
    return (told[0], symbol or None, number, told[3]) if colon and number else told


def _payer(at: int, payors: Any, insurers: Insurers) -> str | None:
    """The number of the first payor that has one as insurers have it."""
    for one in payors or ():
        if one is None:
            continue
        if number := insurer_number(one.f_identifier) or (one.f_reference and insurers(at, one.f_reference)):
            return number
    return None


@lru_cache(maxsize=_REMEMBERED)
def _part(url: str | None) -> str:
    """The part of a card that an extension of Coverage holds, "" for any other."""
    named = _ADDRESS.fullmatch(url or "")
    return _PARTS[named[1]] if named else ""
