"""Three senders' files of a fictitious world, taken in whole: who was joined, against the truth of who is who.

Linkable (連結できる) is defined from the truth alone: for every record it says whose it is and what stands on it. The
document is the linkage group of the senders. Two records of one person are linkable where both carry

* one chart number of one facility, or one nursing-care number of one insurer, or
* one health card with one branch, or
* one health card, birth and sex, if nobody else has all three on a record; where somebody has (twins of one sex), both
  must carry one kana or one written name as well: a record without a name is then nobody's for certain;

or where a third record of the same person is linkable with both. The same name, birth and sex alone allow nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from provision.context import Context
from provision.sampledata import write_world
from tests.support.intake import deliver_world, heads, platform

MONTHS = ["2021-09", "2025-05", "2025-06"]
CARD, BODY, FACILITY, CARE = (
    ("insurer", "symbol", "number"), ("birth", "sex"), ("facility", "chart"), ("care_insurer", "care_number"),
)  # fmt: skip


@dataclass(frozen=True)
class Record:
    """One claim or ledger row: its true person, the person it was joined to, and what stands on it."""

    source: str
    true: str
    found: object
    said: Mapping[str, str]

    def has(self, *groups: tuple[str, ...]) -> tuple[str, ...] | None:
        """These values of it, None unless all are there; a card may lack its symbol."""
        names = [name for group in groups for name in group]
        complete = all(self.said.get(name) for name in names if name != "symbol")
        return (*names, *(self.said.get(name, "") for name in names)) if complete else None


@dataclass(frozen=True)
class Outcome:
    """All records of the world in the store."""

    ctx: Context
    records: list[Record]
    collisions: dict[str, int]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return taken_in(tmp_path_factory, people=2000, sins=False)


def taken_in(folders: pytest.TempPathFactory, *, people: int, sins: bool) -> Outcome:
    """A world taken in. With `sins` some records say what is wrong, of which the truth knows nothing."""
    world, home = folders.mktemp("world"), folders.mktemp("home")
    write_world(world, seed=7, people=people, months=MONTHS, sins=sins)
    ctx = platform(home)
    batches = deliver_world(ctx, world)
    joined, linkage = ctx.vault.people("group-minato-2025")
    person, truth = dict(joined.iter_rows()), _truth(world)
    records = []
    for batch in batches:
        entry = next(iter(ctx.ledger.entries(type="batch.received", kind="batch", subject=batch)))
        source, place = entry.subjects["source"], f"{entry.payload['period']}-{entry.payload['sequence']}"
        aliases, told = heads(ctx, batch)["alias"].to_list(), truth[source, place]
        pairs = zip(aliases, told, strict=True)
        records += [Record(source, true, person.get(alias, alias), said) for alias, (true, said) in pairs]
    return Outcome(ctx, records, linkage.collisions)


def _truth(world: Path) -> dict[tuple[str, str], list[tuple[str, Mapping[str, str]]]]:
    """By source and drop, claim by claim: whose it is, and what stands on it."""
    found: dict[tuple[str, str], list[tuple[str, Mapping[str, str]]]] = defaultdict(list)
    claims, evidence = (_lines(world / "truth" / f"{name}.jsonl") for name in ("claims", "evidence"))
    for claim, said in zip(claims, evidence, strict=True):
        assert [claim[n] for n in ("source", "drop", "file", "claim")] == [
            said[n] for n in ("source", "drop", "file", "claim")
        ]
        found[claim["source"], claim["drop"]].append((claim["person"], said))
    return found


def _lines(path: Path) -> Iterator[dict[str, str]]:
    return (json.loads(line) for line in path.read_text("utf-8").splitlines())


def linking(outcome: Outcome) -> list[tuple[Record, frozenset[tuple[str, ...]]]]:
    """Every record with what makes it linkable: two records of one person with a common value are."""
    owners: dict[tuple[str, ...] | None, set[str]] = defaultdict(set)
    for record in outcome.records:
        owners[record.has(CARD, BODY)].add(record.true)
    found = []
    for record in outcome.records:
        values = {record.has(FACILITY), record.has(CARE), record.has(CARD, ("branch",))}
        if len(owners[record.has(CARD, BODY)]) == 1:
            values.add(record.has(CARD, BODY))
        else:
            values |= {record.has(CARD, BODY, (name,)) for name in ("kana", "name")}
        found.append((record, frozenset(value for value in values if value)))
    return found


def two_people(outcome: Outcome) -> list[set[str]]:
    """True people whom one person that was found holds records of."""
    true_of = defaultdict(set)
    for record in outcome.records:
        true_of[record.found].add(record.true)
    return [people for people in true_of.values() if len(people) > 1]


def test_nobody_is_two_people(outcome: Outcome) -> None:
    """適合率 100 %: no person that was found holds records of two true people."""
    assert len(outcome.records) > 2500
    assert two_people(outcome) == []


def test_nobody_is_two_people_where_senders_make_mistakes(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert two_people(taken_in(tmp_path_factory, people=700, sins=True)) == []


def test_what_is_linkable_is_linked(outcome: Outcome) -> None:
    """再現率 100 %: all records of one person that are linkable, directly or over others, are one person."""
    groups = [group for records in _by_person(outcome).values() for group in _connected(records)]
    assert sum(len(group) * (len(group) - 1) // 2 for group in groups) > 5000
    assert [len(group) for group in groups if len({record.found for record in group}) > 1] == []


def test_twins_whom_only_the_name_tells_apart_are_there_and_linked(outcome: Outcome) -> None:
    """The hard case occurs: one card, birth and sex of two people, told apart by name in several records each."""
    shared = defaultdict(list)
    for record, values in linking(outcome):
        for value in values:
            if value[-1] and {"kana", "name"} & set(value):
                shared[record.true].append(record.found)
    assert outcome.collisions["health_birth"] > 0
    assert sum(len(found) > 2 for found in shared.values()) >= 2


def test_all_three_senders_meet_through_the_ledger(outcome: Outcome) -> None:
    met = defaultdict(set)
    for record in outcome.records:
        met[record.found].add(record.source)
    assert sum(len(sources) == 3 for sources in met.values()) >= 20
    assert not [s for s in met.values() if s == {"kita-hospital", "sakura-care"}]


def test_twins_and_families_do_not_disturb(outcome: Outcome) -> None:
    assert (
        outcome.collisions["health_branch"] == outcome.collisions["care"] == outcome.collisions["facility_chart"] == 0
    )


Linking = tuple[Record, frozenset[tuple[str, ...]]]


def _by_person(outcome: Outcome) -> dict[str, list[Linking]]:
    found = defaultdict(list)
    for record, values in linking(outcome):
        found[record.true].append((record, values))
    return found


def _connected(records: list[Linking]) -> list[list[Record]]:
    """Records of one true person in groups that share values."""
    groups: list[tuple[set[tuple[str, ...]], list[Record]]] = []
    for record, said in records:
        values, members = set(said), [record]
        for group in [g for g in groups if g[0] & said]:
            values |= group[0]
            members += group[1]
            groups.remove(group)
        groups.append((values, members))
    return [members for _, members in groups]
