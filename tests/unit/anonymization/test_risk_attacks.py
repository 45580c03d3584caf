"""The three criteria of WP216 on tables small enough to count by hand, and by their definition on random ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anonymization.risk.attacks.linking import between
from anonymization.risk.attacks.measuring import Attacks, attacks
from anonymization.risk.trails.events import columns
from anonymization.risk.unfit import Unfit

COLUMNS = ("person", "sex", "age", "disease")
ROWS = st.tuples(
    st.integers(0, 6).map(str), st.sampled_from("FM"), st.sampled_from(["40", "50", None]), st.sampled_from("ABC")
)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        yield made


def attacked(connection: duckdb.DuckDBPyConnection, rows: Sequence[tuple[str | None, ...]], **options: Any) -> Attacks:
    connection.register("t", pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row"))
    found = attacks(connection, "t", "person", ["sex", "age"], ["disease"], **options)
    assert connection.execute("SHOW TABLES").fetchall() == [("t",)]
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROWS, min_size=1, max_size=30))
def test_inference_is_what_the_definition_says(
    connection: duckdb.DuckDBPyConnection, rows: list[tuple[str | None, ...]]
) -> None:
    found = attacked(connection, rows).inference["disease"]
    people: dict[object, set[str | None]] = defaultdict(set)
    holders: dict[object, set[str | None]] = defaultdict(set)
    overall: dict[str | None, set[str | None]] = defaultdict(set)
    everybody = {person for person, *_ in rows}
    for person, sex, age, disease in rows:
        people[sex, age].add(person)
        holders[sex, age, disease].add(person)
        overall[disease].add(person)
    members = sum(len(group) for group in people.values())
    certain = doubled = guess = 0
    for (sex, age), group in people.items():
        shares = {d: len(holders[sex, age, d]) / len(group) for d in overall}
        certain += len(group) * any(s == 1 and len(overall[d]) < len(everybody) for d, s in shares.items())
        likely = {d for d, s in shares.items() if s and s >= 2 * len(overall[d]) / len(everybody)}
        doubled += len({p for d in likely for p in holders[sex, age, d]})
        guess += max(len(holders[sex, age, d]) for d in overall)
    before = max(map(len, overall.values())) / len(everybody)
    expected = (certain / members, doubled / members, guess / members, before)
    assert (found.certain, found.doubled, found.guess, found.guess_before) == pytest.approx(expected)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROWS, min_size=1, max_size=30))
def test_expected_links_are_profiles_per_person(
    connection: duckdb.DuckDBPyConnection, rows: list[tuple[str | None, ...]]
) -> None:
    found = attacked(connection, rows, events=columns(["disease"])).linkage
    groups: dict[object, set[object]] = defaultdict(set)
    trails: dict[object, set[object]] = defaultdict(set)
    for person, sex, age, disease in rows:
        groups[person].add((sex, age))
        trails[person].add(disease)
    profiles = len({frozenset(found) for found in groups.values()})
    together = len({(frozenset(groups[p]), frozenset(trails[p])) for p in groups})
    assert found.by_attributes == pytest.approx(profiles / len(groups))
    assert found.by_trail == pytest.approx(together / len(groups))
    assert found.by_chance == pytest.approx(1 / len(groups))


def test_predicates_of_people_who_look_alike_isolate_nobody(connection: duckdb.DuckDBPyConnection) -> None:
    alike = [(str(p), "FM"[p % 2], "40", "AB"[p // 2 % 2]) for p in range(40)]
    found = attacked(connection, alike).singling_out
    assert (found.tried, found.isolating.share, found.by_chance.share) == (7 * (2000 // 7), 0.0, 0.0)
    assert found.isolating.high < 0.01


def test_predicates_of_people_who_are_unique_isolate_them(connection: duckdb.DuckDBPyConnection) -> None:
    """Everybody has an age of their own: the four of seven choices of columns that hold it isolate, always. Values put
    together by chance hold an age, too, but meet nobody else than its owner, and often not even that one."""
    rows = [(str(p), "FM"[p % 2], str(p), "AB"[p // 2 % 2]) for p in range(60)]
    rows += [(str(p), "FM"[p % 2], str(p), "C") for p in range(60)]  # a second row of everybody changes nothing
    found = attacked(connection, rows, seed=4).singling_out
    assert found.isolating.share == pytest.approx(4 / 7)
    assert 1 / 7 <= found.by_chance.share < found.isolating.share
    assert attacked(connection, rows, seed=4).singling_out == found


def test_many_columns_are_tried_in_some_choices_only(connection: duckdb.DuckDBPyConnection) -> None:
    names = [f"c{n}" for n in range(8)]
    frame = pl.DataFrame({"person": [str(p) for p in range(50)], **{n: [str(p % 7) for p in range(50)] for n in names}})
    connection.register("t", frame)
    found = attacks(connection, "t", "person", names)
    assert found.singling_out.tried == 31 * (2000 // 31)
    assert found.singling_out.isolating.share == 0.0
    assert found.linkage.by_attributes == pytest.approx(7 / 50)
    assert found.linkage.by_trail is None


def test_a_trail_is_not_linked_where_only_claims_are(connection: duckdb.DuckDBPyConnection) -> None:
    rows = [("1", "F", "40", "A"), ("2", "F", "40", "B")]
    assert attacked(connection, rows, events=columns(["age"]), unit="disease").linkage.by_trail is None


def test_two_releases_of_the_same_people() -> None:
    one = pl.DataFrame({"who": [1, 2, 3, 4], "number": [1, 2, 3, 4], "sex": ["F", "F", "M", None]})
    other = pl.DataFrame({"who": [1, 3, 2, 4], "number": [2, 3, 1, 4], "sex": ["F", "M", "F", None]})
    found = between(one, other, truth="who", number="number", attributes=["sex"])
    assert {name: linked.right for name, linked in found.items()} == {
        "by_number": 2, "by_order": 2, "by_attributes": 0.5 + 0.5 + 1 + 1,
    }  # fmt: skip
    assert found["by_number"].figures() == {"right": 2, "tried": 4, "by_chance": 1.0, "share": 0.5}
    for wrong in (other.head(3), other.head(0), pl.concat([other, other])):
        with pytest.raises(Unfit, match="same people"):
            between(wrong, other, truth="who", number="number", attributes=["sex"])


@pytest.mark.parametrize(("rows", "said"), [([], "needs rows"), ([(None, "F", "40", "A")], "1 rows belong to nobody")])
def test_what_cannot_be_attacked_is_refused(
    connection: duckdb.DuckDBPyConnection, rows: list[tuple[str | None, ...]], said: str
) -> None:
    with pytest.raises(Unfit, match=said):
        attacked(connection, rows)
    with pytest.raises(Unfit, match="one role"):
        attacks(connection, "t", "person", ["sex"], ["sex"])
    assert Counter(connection.execute("SHOW TABLES").fetchall()) == Counter([("t",)])
