"""People who ask to leave: what an operator would say of the patients of `lives.bill`, and a request carried out."""

from __future__ import annotations

from typing import Any

from provision.context import Context
from provision.persons.asked import FIELDS, Asked, checked
from provision.persons.erasing import carry_out
from provision.persons.requests import Wish, ask
from tests.support.lives import bill

FIRST, SECOND = "operator:ichi", "operator:ni"


def asked(who: str, **changes: str) -> Asked:
    """The patient called by one capital letter, by their card, chart and names."""
    claim = bill(who, "2025-04")
    said = {
        "name": claim.name, "kana": claim.kana, "birth": claim.birth, "sex": claim.sex, "insurer": claim.insurer,
        "symbol": claim.symbol, "number": claim.number, "facility": "1311234567", "chart": claim.chart,
    }  # fmt: skip
    return checked([{**dict.fromkeys(FIELDS, ""), **said, **changes}])


def wish(*, erase: bool = True, veto: bool = False, household: bool = True, quarantine: bool = False) -> Wish:
    """On an ordinary ground."""
    return Wish(erase, veto, "appi-35", "R-2026/001", household, quarantine)


def gone(ctx: Context, person: Asked, **how: bool) -> tuple[str, dict[str, Any]]:
    """Asked by one operator, agreed to by another; the id and what the log says."""
    id, _ = ask(ctx, person, wish(**how), actor=FIRST)
    return id, carry_out(ctx, id, actor=SECOND)
