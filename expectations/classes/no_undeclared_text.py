"""自由記載: a column without a closed domain holds no text, unless the plan asks for free text in it."""

from __future__ import annotations

from expectations.classes.base import Example, Own

EXPECTATION = Own(
    name="ExpectNoFreeTextUnlessThePlanAsksForIt",
    ja="計画が求めない自由記載がないこと",
    en="Expect a column without a closed domain to hold nothing, unless the plan asks for free text in it.",
    source="APPI Enforcement Rules art. 34 item 1; PPC secretariat report: free text is deleted whole",
    test=lambda arguments: lambda value: bool(arguments["asked_for"]),
    arguments={"asked_for": False},
    examples=(Example({"asked_for": True}, ("経過良好",), ()), Example({}, (), ("経過良好",))),
)
