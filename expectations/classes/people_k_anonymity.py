"""k-匿名性: every group of equal quasi-identifiers holds at least k people (not rows)."""

from __future__ import annotations

from expectations.classes.base import Example, Own

EXPECTATION = Own(
    name="ExpectPeopleKAnonymityToBeAtLeast",
    ja="準識別子が同じ人がk人以上いること",
    en="Expect every group of equal quasi-identifiers to hold at least k people.",
    source="APPI Enforcement Rules art. 34 items 4 and 5; Sweeney 2002 (k-anonymity)",
    test=lambda arguments: lambda people: int(people) >= int(arguments["k"]) >= 1,
    arguments={"k": 0},
    examples=(Example({"k": 5}, (5, 600), (4, 1, 0)), Example({"k": 0}, (), (5,))),
)
