"""作成の記録: everything that explanation, evidence and gate need of a making, as whole numbers, names and words.

No value of the data. Fractions are texts of ten digits: the log has no fractions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import provision
from anonymization.hierarchies import system
from anonymization.risk.requirements import KAnonymity, Requirement
from anonymization.risk.search.explaining import Neighbour, Reason
from anonymization.risk.search.rollup import RollUp
from anonymization.risk.sensitive import DistinctL, EntropyL, RecursiveCL, TCloseness
from provision.catalogue import Catalogue
from provision.model import Plan
from provision.profiles import Profile
from provision.releasing.generalising import Answer
from provision.releasing.protecting import People
from provision.releasing.select import Selection
from provision.releasing.shapes import layout
from provision.releasing.tables import Treatment


@dataclass(frozen=True)
class Made:
    """What a making knows at its end."""

    plan: Plan
    profile: Profile
    selection: Selection
    people: People
    tables: Treatment
    digest: str


def facts_of(made: Made, known: Catalogue) -> dict[str, object]:
    """The facts of a made release."""
    selection, people = made.selection, made.people
    kept = people.kept.select("person")
    return {
        "digest": made.digest,
        "tables": {table.shape.name: table.frame.height for table in made.tables.tables},
        "people": people.kept.height,
        "claims": selection.heads.join(kept, on="person", how="semi").height,
        "risk": _risk(made),
        "rules": [one.figures() for one in (*people.applied, *made.tables.applied)],
        "rare_codes": _rare(made),
        "generalisation": _generalisation(people.answer),
        "suppression": _suppression(people),
        "columns": _columns(made, known),
        "batches": sorted({b.batch for b in selection.batches}),
        "batch_datasets": {b.batch: _datasets(selection, b.batch) for b in selection.batches},
        "as_of": {"entry": selection.moment.entry, "day": str(selection.moment.day or "")},
        "fates": {dataset: found.counts() for dataset, found in selection.fates.items()},
        "in_quarantine": dict(selection.in_quarantine),
        "linkage": {name: found.counts() for name, found in selection.linkage.items()},
        "profile": profile_facts(made.profile),
        "numbering": "random permutation in memory, ended with the making process",
        "row_order": {place: dict(figures) for place, figures in made.tables.orders.items()},
        "code_version": provision.__version__,
    }


def profile_facts(profile: Profile) -> dict[str, str]:
    """Which profile, by what it says: id, law, the day it stands on, and the digest of all of it."""
    said = json.dumps(profile.model_dump(mode="json"), ensure_ascii=False, sort_keys=True)
    return {"id": profile.id, "law": profile.law, "in_force": profile.in_force.isoformat(),
            "digest": hashlib.sha256(said.encode()).hexdigest()}  # fmt: skip


def exact(value: object) -> object:
    """Figures as the log can hold them: fractions as texts of ten digits."""
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, Mapping):
        return {str(key): exact(one) for key, one in value.items()}
    return [exact(one) for one in value] if isinstance(value, list | tuple) else value


def _risk(made: Made) -> dict[str, object]:
    people = made.people
    before, after = people.before, people.after
    suppressed = people.selected - people.kept.height
    return {
        "k": people.answer.question.k,
        "people": people.selected,
        "groups": before.sizes.number,
        "smallest_group": before.sizes.smallest,
        "suppressed": suppressed,
        "suppressed_ppm": round(suppressed / people.selected * 1_000_000),
        "groups_left": after.sizes.number,
        "smallest_group_left": after.sizes.smallest,
        "unique_people": before.sizes.of_size(1),
        "quasi_identifiers": list(made.plan.quasi_identifiers),
        "counted": list(people.answer.question.quasi),
        "before": exact(before.figures()),
        "after": exact(after.figures()),
    }


def _rare(made: Made) -> dict[str, object]:
    found = [*made.people.rare, *(one for table in made.tables.tables for one in table.rare)]
    return {"least": made.profile.rare_codes, "columns": [one.figures() for one in found]}


def _generalisation(found: Answer) -> dict[str, object]:
    """The node that was chosen, why, and what the runner-up would have cost."""
    search, second = found.found, found.found.runner_up
    return {
        "metric": search.metric,
        "loss": exact(search.best.loss),
        "suppressed": search.best.suppressed,
        "spare": search.problem.spare,
        "people": search.problem.people,
        "exact": search.exact,
        "nodes": search.nodes,
        "nodes_counted": search.looked,
        "required": [said(requirement) for requirement in search.problem.requirements],
        "columns": [_level(found, reason) for reason in search.reasons],
        "runner_up": None if second is None else {
            "levels": found.levels_of(second.node), "loss": exact(second.loss), "suppressed": second.suppressed,
        },
    }  # fmt: skip


def _level(found: Answer, reason: Reason) -> dict[str, object]:
    """One column: its level by number and name, what is left of its values, and what its neighbours would have cost."""
    use, level = found.question.uses.get(reason.column), found.levels[reason.column]
    made = None if use is None else system(use.hierarchy)
    return {
        "column": reason.column,
        "hierarchy": "" if use is None else use.hierarchy,
        "level": level,
        "level_name": "value" if made is None else made.names[level],
        "height": 0 if made is None else len(made.names) - 1,
        "weight": exact(1.0 if use is None else use.weight),
        "labels": reason.labels,
        "values": reason.values,
        "finer": _neighbour(reason.finer),
        "coarser": _neighbour(reason.coarser),
    }


def said(requirement: Requirement) -> dict[str, str]:
    """A requirement in both languages."""
    match requirement:
        case KAnonymity(k):
            ja = f"各グループ {k} 人以上（k-匿名性）"
        case DistinctL(column, values):
            ja = f"各グループで {column} の値が {values} 種類以上（l-多様性）"
        case EntropyL(column, values):
            ja = f"各グループの {column} のエントロピーが等頻度の {values:g} 値以上（l-多様性）"
        case RecursiveCL(column, c, values):
            ja = f"各グループの {column} が再帰的 ({c:g},{values})-多様性を満たす"
        case TCloseness(column, t, _):
            ja = f"各グループの {column} の分布が全体から {t:g} 以内（t-近接性）"
        case _:
            ja = requirement.words()
    return {"ja": ja, "en": requirement.words()}


def _neighbour(other: Neighbour | None) -> dict[str, object] | None:
    """What one level finer or coarser would have meant; a loss of null could not have been released."""
    return None if other is None else {"suppressed": other.suppressed, "loss": exact(other.loss)}


def _suppression(people: People) -> dict[str, object]:
    """People left out, by what their group would have broken (it may be several things), and by rules on people."""
    search = people.answer.found
    classes = RollUp(search.problem).classes(search.best.node)
    broken = [
        {**said(requirement), "people": int(classes.size[~requirement.met(classes.groups)].sum())}
        for requirement in search.problem.requirements
    ]
    by_rule = {one.rule: one.rows for one in people.applied if one.rows}
    return {"people": people.selected - people.kept.height, "by_requirement": broken, "by_rule": by_rule}


def _columns(made: Made, known: Catalogue) -> dict[str, dict[str, str]]:
    """Per table the columns whose domain is another one now: what the gate holds the payload against."""
    found = {}
    for table, shape in zip(made.tables.tables, layout(made.plan, known), strict=True):
        pairs = zip(table.shape.columns, shape.columns, strict=True)
        found[shape.name] = {now.name: now.domain for now, before in pairs if now.domain != before.domain}
    return {name: columns for name, columns in found.items() if columns}


def _datasets(selection: Selection, batch: str) -> list[str]:
    return [b.dataset for b in selection.batches if b.batch == batch]
