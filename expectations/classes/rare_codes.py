"""稀なコード: a code that only a few people carry points at them."""

from __future__ import annotations

from expectations.classes.base import Example, Own

EXPECTATION = Own(
    name="ExpectRareCodesToBeCarriedByAtLeastPeople",
    ja="どのコードもn人以上が持つこと",
    en="Expect every code that is there at all to be carried by at least n people.",
    source="APPI Enforcement Rules art. 34 item 4 (特異な記述); PPC secretariat report, rare diseases",
    test=lambda arguments: lambda people: int(people) >= int(arguments["people"]) >= 1,
    arguments={"people": 0},
    examples=(Example({"people": 10}, (10, 11), (9, 1)), Example({"people": 0}, (), (10,))),
)
