"""再帰的(c,l)-多様性: the most frequent value of a group does not outweigh the rarer ones."""

from __future__ import annotations

from expectations.classes.base import Example, Own

EXPECTATION = Own(
    name="ExpectPeopleRecursiveLDiversityToBeBelow",
    ja="準識別子が同じ人々の最も多い値が他に比べて多すぎないこと",
    en="Expect the commonest sensitive value of every group to stand less than c times as often as the l-th and rarer.",
    source="Machanavajjhala et al. 2007, recursive (c,l)-diversity; the plan's requirement",
    test=lambda arguments: lambda ratio: 0 < float(ratio) < float(arguments["times"]),
    arguments={"times": "0"},
    examples=(Example({"times": "3"}, (0.5, 2.99), (3.0, float("inf"))), Example({"times": "0"}, (), (0.5,))),
)
