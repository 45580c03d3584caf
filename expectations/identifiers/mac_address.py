"""MACアドレス: six octets with one kind of separator, or three groups of four."""

from __future__ import annotations

import re

from expectations.identifiers.base import Example, Identifier, Strength, digits

_H = "[0-9A-Fa-f]"
_FORM = re.compile(
    rf"(?<![0-9A-Za-z:-])({_H}{{2}}([:-]){_H}{{2}}(?:\2{_H}{{2}}){{4}}|{_H}{{4}}\.{_H}{{4}}\.{_H}{{4}})(?![0-9A-Za-z]|[:-]{_H})"
)
_LABEL = re.compile(r"(?<![a-z])macs?(?![a-z])|物理アドレス|hardware|ethernet|bluetooth", re.IGNORECASE)


def _search(text: str, context: str) -> Strength | None:
    found = [re.sub("[:.-]", "", match.group(1)).lower() for match in _FORM.finditer(text)]
    # All ones is everybody, all zeros nobody; digits alone in pairs may be a date or a part number.
    real = [one for one in found if one not in ("f" * 12, "0" * 12)]
    if not real:
        return None
    if _LABEL.search(context) or _LABEL.search(text):
        return Strength.CERTAIN
    return Strength.LIKELY if any(digits(one) != one for one in real) else Strength.WEAK


KIND = Identifier(
    id="mac_address",
    ja="MACアドレス",
    en="Hardware address",
    legal="APPI Enforcement Rules art. 34 item 1; item 3 where the operator links by it",
    source="IEEE 802, EUI-48 hexadecimal representation",
    search=_search,
    must_match=(
        Example("00:1A:2B:3C:4D:5E"),
        Example("００－１Ａ－２Ｂ－３Ｃ－４Ｄ－５Ｅ"),
        Example("aabb.ccdd.eeff"),
        Example("MAC: 01-23-45-67-89-10", strength=Strength.CERTAIN),
        Example("0a:23:f5:67:89:ac", context="mac_address", strength=Strength.CERTAIN),
    ),
    must_not_match=(
        Example("00:1A:2B:3C:4D"),
        Example("FF:FF:FF:FF:FF:FF"),
        Example("10:2F:33-AC-29-C3"),
        Example("20-24-04-01-12-30"),
        Example("1234.5678.9012"),
    ),
    needs_digits=False,
    traces=r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}",
)
