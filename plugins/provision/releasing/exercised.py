"""カナリアにかける規則: which rules of a profile two fictitious patients can exercise, and what was exercised.

A rule that learns over people (offsets, rare codes, tails), samples, leaves rows out or sorts them needs a crowd: of
two people it would leave nothing, or anything. All others do the same to a cell whoever else is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from anonymization.rules import rule
from anonymization.rules.base import Rule
from provision.profiles import Profile
from provision.releasing.ruling import Applied


def needs_crowd(rule_id: str) -> bool:
    """Whether what a rule does to a row depends on other people's rows."""
    made = rule(rule_id)
    rows = type(made).keep is not Rule.keep or type(made).order is not Rule.order
    return made.needs_person or made.shared or rows


def without_crowd(profile: Profile) -> Profile:
    """The profile with the rules that two people can exercise, and no rare codes (two people carry none often)."""
    uses = [use for use in profile.rules if not needs_crowd(use.rule)]
    return profile.model_copy(update={"rules": uses, "rare_codes": 0})


def exercised(profile: Profile, applied: Iterable[Applied]) -> dict[str, object]:
    """Which rules went over the patients' cells, with the cells they changed, and which did not.

    ``exercised``: rule -> cells; ``crowd``: rules that need one; ``nothing``: rules no column of the release is for.
    """
    cells: Counter[str] = Counter()
    for one in applied:
        cells[one.rule] += sum(one.cells.values())
    every = list(dict.fromkeys(use.rule for use in profile.rules))
    crowd = [name for name in every if needs_crowd(name)]
    return {
        "exercised": dict(sorted(cells.items())),
        "crowd": crowd,
        "nothing": [name for name in every if name not in cells and name not in crowd],
    }
