"""l-多様性: the people of every group carry at least l values of a sensitive column, distinct or by their entropy."""

from __future__ import annotations

from expectations.classes.base import EXACT, Example, Own

EXPECTATION = Own(
    name="ExpectPeopleLDiversityToBeAtLeast",
    ja="準識別子が同じ人々の機微な値がl種類以上あること",
    en="Expect the people of every group of equal quasi-identifiers to carry at least l sensitive values.",
    source="Machanavajjhala et al. 2007, distinct and entropy l-diversity; the plan's requirement",
    test=lambda arguments: (
        lambda figure: float(figure) >= float(arguments["least"]) - EXACT and float(arguments["least"]) >= 1
    ),
    arguments={"least": "0"},
    examples=(Example({"least": "2"}, (2.0, 9.0), (1.0, 1.99)), Example({"least": "0"}, (), (3.0,))),
)
