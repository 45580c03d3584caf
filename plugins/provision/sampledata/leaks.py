"""What must never be found where no person may be: every identifying value of the world, as people write it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from provision.sampledata.names import half_kana, wide


def identifying_values(truth_dir: Path) -> Iterator[tuple[str, str]]:
    """Every (kind, value) of the world's people that must not be found where no person may be; values repeat.

    Kinds: name, kana, romaji, address, phone, insured (composite insured id), chart, resident. Each value comes in
    the ways people write it: with and without space, half and full width, with and without hyphens. Card numbers of
    less than ten digits come only together with insurer or symbol: alone they are also points and yen.
    """
    with (truth_dir / "people.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield from _values(json.loads(line))


def _values(person: dict[str, object]) -> Iterator[tuple[str, str]]:
    names, kana = _lists(person["names"]), _strings(person["kana"])
    for surname, given in names:
        yield from (("name", f"{surname}{gap}{given}") for gap in ("", " ", "　"))
    half = [half_kana(part) for part in kana]
    for surname, given in (kana, half):
        yield from (("kana", f"{surname}{gap}{given}") for gap in ("", " ", "　"))
    if person["romaji"]:
        yield "romaji", str(person["romaji"])
    for address in _strings(person["address"]):
        yield from (("address", form) for form in (address, wide(address)))
    phone = str(person["phone"])
    yield from (("phone", form) for form in (phone, phone.replace("-", ""), wide(phone), wide(phone.replace("-", ""))))
    tokens = person["tokens"]
    assert isinstance(tokens, list)
    for token in tokens:
        yield from _token_values(token)


def _token_values(token: dict[str, str]) -> Iterator[tuple[str, str]]:
    number, insurer = token["number"], token.get("insurer", "")
    if token["kind"] == "health":
        padded, symbol = insurer.rjust(8, "0"), token["symbol"]
        yield "insured", f"{padded}:{symbol}:{number}:{token['branch']}"
        yield "insured", f"{padded}:{symbol}:{number}"
        if symbol:
            for sign in ("", "-", "・", ":", ","):
                joined = f"{symbol}{sign}{number}"
                if len(joined) >= 8:
                    yield from (("insured", form) for form in (joined, wide(joined)))
        else:
            yield from (("insured", f"{insurer}{sign}{number}") for sign in ("", "-", ":", ",", ",,"))
    elif token["kind"] == "care":
        yield from (("insured", form) for form in (number, f"{insurer}:{number}"))
    elif token["kind"] == "chart":
        yield from (("chart", form) for form in (number, f"{token['facility']}:{number}"))
    elif token["kind"] == "resident":
        yield "resident", number
    else:
        yield from (("insured", f"{insurer}{sign}{number}") for sign in ("", ":", ","))


def _strings(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(item) for item in value]


def _lists(value: object) -> list[list[str]]:
    assert isinstance(value, list)
    return [_strings(item) for item in value]
