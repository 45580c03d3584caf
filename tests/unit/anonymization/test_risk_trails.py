"""Trail risk is what its definition says on random tables, and estimates hold the truth within their intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from statistics import mean
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anonymization.risk.trails import drawing
from anonymization.risk.trails.costs import variants
from anonymization.risk.trails.counting import trail_risk
from anonymization.risk.trails.events import EventColumn, columns
from anonymization.risk.trails.figures import TrailRisk, estimated
from anonymization.risk.unfit import Unfit

EVENT = ("month", "disease")
ROWS = st.tuples(
    st.integers(0, 6).map(str),  # the person
    st.integers(0, 2).map(str),  # the claim, counted within the person
    st.sampled_from(["2025-04", "2025-05", "2025-07", "", None]),
    st.sampled_from(["A", "B", "C", None]),
)
Row = tuple[str | None, ...]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        yield made


def risk(connection: duckdb.DuckDBPyConnection, rows: Sequence[Row], **options: Any) -> TrailRisk:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(("person", "claim", *EVENT), pl.String), orient="row")
    connection.register("t", frame)
    return trail_risk(connection, "t", "person", columns(EVENT), **options)


def defined(rows: Sequence[Row], known: int, *, by_claim: bool) -> tuple[float, float]:
    """Unicity and worst case by their definition: every set of known events of every unit of everybody."""
    units: dict[tuple[str | None, str | None], set[Row]] = {}
    for person, claim, month, disease in rows:
        unit = units.setdefault((person, claim if by_claim else ""), set())
        if month or disease:
            unit.add((month or None, disease))
    unicity, worst = [], []
    for person in {owner for owner, _ in units}:
        shares = []
        for (owner, _), events in units.items():
            if owner != person or not events:
                continue
            choices = list(combinations(sorted(events, key=repr), min(known, len(events))))
            others = [had for (other, _), had in units.items() if other != person]
            shares.append(mean(not any(set(choice) <= had for had in others) for choice in choices))
        unicity.append(mean(shares) if shares else 0.0)
        worst.append(any(shares))
    return mean(unicity), mean(worst)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROWS, min_size=1, max_size=40), st.booleans(), st.integers(0, 9))
def test_figures_are_what_the_definition_says(
    connection: duckdb.DuckDBPyConnection, rows: list[Row], by_claim: bool, seed: int
) -> None:
    found = risk(connection, rows, unit="claim" if by_claim else None, seed=seed)
    assert found.exact
    for known in (1, 2, 3):
        expected = defined(rows, known, by_claim=by_claim)
        assert (found.known[known].unicity.share, found.known[known].worst.share) == pytest.approx(expected)
    assert connection.execute("SHOW TABLES").fetchall() == [("t",)]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROWS, min_size=1, max_size=60), st.integers(1, 5))
def test_parcels_and_looking_at_some_others_first_change_nothing(
    connection: duckdb.DuckDBPyConnection, rows: list[Row], parcel: int
) -> None:
    expected = risk(connection, rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "PARCEL", parcel)
        assert risk(connection, rows) == expected
        work = sum(int(look.held.sum()) for look in looks_of(connection, rows))
        patch.setattr(drawing, "WORK", max(1, work - 1))
        some_first = risk(connection, rows)
    if some_first.looked_at == expected.looked_at:
        assert some_first == expected


def looks_of(connection: duckdb.DuckDBPyConnection, rows: Sequence[Row]) -> list[drawing.Look]:
    """What is looked at for everybody."""
    kept: list[drawing.Look] = []
    with pytest.MonkeyPatch.context() as patch:
        real = drawing.Drawn._looks

        def looks(*words: Any) -> Iterator[drawing.Look]:
            kept.extend(real(*words))
            return iter(kept)

        patch.setattr(drawing.Drawn, "_looks", looks)
        risk(connection, rows)
    return kept


def village(people: int) -> list[Row]:
    """People with one to thirty events of 12 months and 40 diseases, some rare."""
    return [
        (str(p), "", f"2025-{1 + (p * 7 + n * n) % 12:02d}", f"D{(p * p + n * 13) % (1 + (p + n) % 40)}")
        for p in range(people)
        for n in range(1 + p % 30)
    ]


def test_a_sample_holds_the_truth_within_its_interval_and_repeats_with_its_seed(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    rows = village(500)
    exact = {known: defined(rows, known, by_claim=False)[0] for known in (1, 2)}
    found = [risk(connection, rows, seed=seed, sample=100) for seed in range(20)]
    assert all(one.known[1].unicity.share == pytest.approx(exact[1]) for one in found)
    assert all(one.looked_at == 100 and not one.exact for one in found)
    within = [one.known[2].unicity.low <= exact[2] <= one.known[2].unicity.high for one in found]
    assert sum(within) >= 17  # 19 of 20 are expected; the interval is a conservative one
    assert risk(connection, rows, seed=3, sample=100) == found[3]
    assert len({one.known[2].unicity.share for one in found}) > 1


def test_people_with_many_events_are_looked_at_by_random_and_by_their_rarest(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Forty events that everybody has, one that is theirs alone: a few random ones rarely hit it, the rarest does."""
    rows = [(str(p), "", "2025-04", f"D{n}") for p in range(30) for n in range(40)]
    rows += [(str(p), "", "2025-05", f"own{p}") for p in range(30)]
    found = risk(connection, rows)
    assert not found.whole
    assert found.known[1].unicity.share == pytest.approx(1 / 41)
    assert (found.known[1].worst.share, found.known[2].worst.share) == (1.0, 1.0)
    assert found.known[2].unicity.low < 2 / 41 < found.known[2].unicity.high


def test_time_is_bounded_where_everybody_shares_events(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "WORK", 50_000)
    shared = [(str(p), "", f"2025-{m:02d}", None) for p in range(300) for m in range(1, 7)]
    assert risk(connection, shared).known[3].worst.share == 0.0
    assert risk(connection, shared).looked_at == 300  # a part of the others says it of all
    some = [*shared, *((str(p), "", "2025-04", f"D{p % 150}") for p in range(300))]
    found = risk(connection, some)
    assert 0 < found.looked_at < 300
    assert found.known[3].unicity.low <= found.known[3].unicity.share <= found.known[3].unicity.high


@pytest.mark.parametrize(
    ("grain", "left"),
    [("whole", ["2025-01-31", "2025-03-01", "2025-10-15"]), ("month", ["2025-01", "2025-03", "2025-10"]),
     ("quarter", ["2025Q1", "2025Q1", "2025Q4"]), ("year", ["2025", "2025", "2025"])],
)  # fmt: skip
def test_coarser_dates(connection: duckdb.DuckDBPyConnection, grain: str, left: list[str]) -> None:
    connection.register("t", pl.DataFrame({"day": ["2025-01-31", "2025-03-01", "2025-10-15", ""]}))
    query = f"SELECT {EventColumn('day', grain).sql} FROM t ORDER BY day"  # type: ignore[arg-type]
    assert [cell for (cell,) in connection.execute(query).fetchall()] == [None, *left]


def test_little_memory_suffices_and_what_is_spilled_is_no_text(tmp_path: Path) -> None:
    with duckdb.connect(
        ":memory:",
        config={
            "memory_limit": "40MB",
            "temp_directory": str(tmp_path),
            "threads": 1,
            "preserve_insertion_order": False,
        },
    ) as spilling:
        spilling.execute(
            "CREATE VIEW t AS SELECT (hash(i) % 90000)::VARCHAR AS person, '' AS claim, "
            "'2025-' || lpad((1 + hash(i, 2) % 12)::VARCHAR, 2, '0') AS month, 'D' || hash(i, 3) % 500 AS disease "
            "FROM range(600000) r(i)"
        )
        found = trail_risk(spilling, "t", "person", columns(EVENT), sample=50)
        assert found.people == spilling.execute("SELECT count(DISTINCT person) FROM t").fetchall()[0][0]
    assert list(tmp_path.iterdir()) == []


def test_the_interval_is_that_of_wilson() -> None:
    """Newcombe (1998), table II: 81 of 263 and 0 of 20."""
    found = estimated(81 / 263, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    assert (estimated(0.0, 20).low, round(estimated(0.0, 20).high, 4)) == (0.0, 0.1611)


@pytest.mark.parametrize(
    ("rows", "options", "said"),
    [
        ([], {}, "needs rows"),
        ([("1", "", "2025-04", "A"), (None, "", "2025-04", "A")], {}, "1 rows belong to nobody"),
        ([("1", "", "2025-04", "A")], {"known": 4}, "1 to 3"),
        ([("1", "", "2025-04", "A")], {"sample": 0}, "at least one person"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    connection: duckdb.DuckDBPyConnection, rows: list[Row], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(Unfit, match=said):
        risk(connection, rows, **options)
    assert connection.execute("SHOW TABLES").fetchall() == [("t",)]
    with pytest.raises(Unfit, match="each once"):
        columns(["month", "month"])


def test_variants_say_what_each_column_costs(connection: duckdb.DuckDBPyConnection) -> None:
    """Two people a month share a disease; by quarter six do; without the disease everybody of the month."""
    rows = [(str(p), "", f"2025-{4 + p % 6:02d}", f"D{p % 12 // 6}") for p in range(24)]
    rows += [("x", "", "2025-04", "rare")]
    connection.register(
        "t", pl.DataFrame(rows, schema=dict.fromkeys(("person", "claim", *EVENT), pl.String), orient="row")
    )
    found = variants(connection, "t", "person", columns(EVENT), known=1)
    assert {(one.column, one.change) for one in found} == {
        ("month", "left out"), ("month", "quarter"), ("month", "year"), ("disease", "left out"),
    }  # fmt: skip
    assert (found[0].column, found[0].risk.known[1].unicity.share) == ("disease", 0.0)
    assert found[0].words(1) == "without disease 0.0%"
    assert [one.risk.known[1].unicity.share for one in found[1:]] == [1 / 25] * 3
    assert [one.column for one in variants(connection, "t", "person", columns(["disease"]), known=1)] == []
