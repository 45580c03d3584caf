"""抽出の手順: what a release selects and how, kept in the log with its draft, so that it can be evaluated again.

Plan and profile as they were: their files may say something else by now. The text is JSON, as the log has no fractions.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from pydantic import ValidationError

from provision.ledger.entry import Entry
from provision.model import Plan, Profile


@dataclass(frozen=True)
class Recipe:
    """Plan and profile of one release."""

    plan: Plan
    profile: Profile


def recipe_text(plan: Plan, profile: Profile) -> str:
    """What goes into the log."""
    said = {
        "plan": plan.model_dump(mode="json", exclude={"schedule", "deadline_hours"}),
        "profile": profile.model_dump(mode="json", by_alias=True),
    }
    return json.dumps(said, ensure_ascii=False, sort_keys=True)


def recipe_of(drafted: Entry) -> Recipe | None:
    """The recipe of a draft; None where it was drafted by a version that kept none, or one this version cannot read."""
    try:
        said = json.loads(str(drafted.payload["recipe"]))
        plan = Plan.model_validate_json(json.dumps(said["plan"]))
        return Recipe(plan, Profile.model_validate_json(json.dumps(said["profile"])))
    except (KeyError, TypeError, ValueError, ValidationError):
        return None
