"""Domain words of field tables (``code:sex``, ``range:0..99``, ``month``): which there are, and what a range says."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

PLAIN = frozenset({"month", "date", "zip3", "insurer", "free", "none"})
_RANGE = re.compile(r"(-?[0-9.]+)\.\.(-?[0-9.]+)(?:/([0-9.]+))?")
_CODE_LIST = re.compile(r"[a-z][a-z0-9_]{0,39}")


def bounds(domain: str) -> tuple[Decimal, Decimal, Decimal]:
    """Low, high and step of a ``range:low..high[/step]`` domain; ValueError where it is none."""
    match = _RANGE.fullmatch(domain.removeprefix("range:"))
    if not domain.startswith("range:") or match is None:
        raise ValueError(domain)
    try:
        low, high, step = (Decimal(match[1]), Decimal(match[2]), Decimal(match[3] or "1"))
    except InvalidOperation:
        raise ValueError(domain) from None
    if low > high or step <= 0:
        raise ValueError(domain)
    return low, high, step


def known_domain(domain: str) -> bool:
    """Whether this is the word of a domain."""
    word, _, rest = domain.partition(":")
    if word == "code":
        return _CODE_LIST.fullmatch(rest) is not None
    if word == "range":
        return _is_range(domain)
    if word == "form":
        return _is_form(rest)
    return domain in PLAIN


def _is_range(domain: str) -> bool:
    try:
        bounds(domain)
    except ValueError:
        return False
    return True


def _is_form(pattern: str) -> bool:
    if not pattern or "\\d" in pattern or "\\w" in pattern:  # would admit full-width digits and letters
        return False
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
