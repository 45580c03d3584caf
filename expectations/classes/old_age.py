"""90歳以上: nobody's month of birth may say that they are of an age that few reach."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from expectations.classes.base import Arguments, Example, Own


def _test(arguments: Arguments) -> Callable[[Any], bool]:
    """Months are compared as text; what is no month fails."""
    earliest, month = str(arguments["earliest"]), re.compile("[0-9]{4}-(0[1-9]|1[0-2])(-[0-9]{2})?")
    return lambda value: (
        bool(month.fullmatch(earliest)) and bool(month.fullmatch(str(value))) and str(value) >= earliest
    )


EXPECTATION = Own(
    name="ExpectBirthMonthsToTellNobodyOfGreatAge",
    ja="90歳以上の人の生年月が残っていないこと",
    en="Expect no month of birth before the earliest that the profile lets out (90 years before the cut-off month).",
    source="APPI Enforcement Rules art. 34 item 4; HIPAA 45 CFR 164.514(b)(2)(i)(C): ages over 89 in one class",
    test=_test,
    arguments={"earliest": ""},
    examples=(
        Example({"earliest": "1935-10"}, ("1935-10", "2001-02"), ("1935-09", "1899-01", "1940")),
        Example({"earliest": ""}, (), ("1980-01",)),
    ),
)
