"""90歳以上: no birth that stands in the payload may say that somebody is of an age that few reach."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from expectations.classes.base import Arguments, Example, Own

_MONTH = re.compile("([0-9]{4})-(0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?")
_YEARS = re.compile("(?:([0-9]{4})-)?([0-9]{4})")


def _test(arguments: Arguments) -> Callable[[Any], bool]:
    """A month (or day) from `earliest` on, a year or years that reach into its year, or the one label of all before."""
    limit = _MONTH.fullmatch(str(arguments["earliest"]))

    def young(value: Any) -> bool:
        text = str(value)
        if limit is None:
            return False
        first = int(limit[1]), int(limit[2])
        if found := _MONTH.fullmatch(text):
            return (int(found[1]), int(found[2])) >= first
        if found := _YEARS.fullmatch(text):
            return int(found[2]) >= first[0]
        return text == everybody_before(limit[0])

    return young


def everybody_before(earliest: str) -> str:
    """The label of all the very old: ``<=1935-09`` where 1935-10 is the earliest month that may stand alone."""
    year, month = int(earliest[:4]), int(earliest[5:7])
    return f"<={year - 1:04d}-12" if month == 1 else f"<={year:04d}-{month - 1:02d}"


EXPECTATION = Own(
    name="ExpectBirthsToTellNobodyOfGreatAge",
    ja="90歳以上の人の生年月が単独で残っていないこと",
    en="Expect no birth before the earliest month that the profile lets out alone; all before are one class.",
    source="APPI Enforcement Rules art. 34 item 4; HIPAA 45 CFR 164.514(b)(2)(i)(C): ages over 89 in one class",
    test=_test,
    arguments={"earliest": ""},
    examples=(
        Example(
            {"earliest": "1935-10"},
            ("1935-10", "2001-02", "1990", "1935-1939", "<=1935-09"),
            ("1935-09", "1899-01", "1934", "1930-1934", "<=1935-08", "<=1940-01", "昭和5年", ""),
        ),
        Example({"earliest": "1936-01"}, ("<=1935-12",), ("1935-12",)),
        Example({"earliest": ""}, (), ("1980-01",)),
    ),
)
