"""t-近接性: a sensitive column is distributed in every group nearly as among all people."""

from __future__ import annotations

from expectations.classes.base import EXACT, Example, Own

EXPECTATION = Own(
    name="ExpectPeopleTClosenessToBeAtMost",
    ja="準識別子が同じ人々の機微な値の分布が全体とt以内であること",
    en="Expect the distance between every group's distribution of a sensitive column and that of all to be at most t.",
    source="Li, Li, Venkatasubramanian 2007, t-closeness; the plan's requirement",
    test=lambda arguments: lambda distance: 0 <= float(distance) <= float(arguments["most"]) + EXACT,
    arguments={"most": "-1"},
    examples=(Example({"most": "0.2"}, (0.0, 0.2), (0.21, 1.0)), Example({"most": "-1"}, (), (0.0,))),
)
