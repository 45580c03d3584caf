"""Tables counted by DuckDB give the figures of tables in memory, whatever the parcels, the spilling and the columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anonymization.risk import larger
from anonymization.risk.assessing import assess
from anonymization.risk.larger import assess_larger
from anonymization.risk.unfit import Unfit

QUASI, SENSITIVE = ["sex", 'a "b"'], ["disease", "points"]
CELLS = st.tuples(
    st.sampled_from(["1", "2", None, ""]),
    st.sampled_from(["x", "y", "NaN", None]),
    st.sampled_from(["A01", "b", "9", None]),
    st.sampled_from(["9", "10", "-1.5", None]),
    st.integers(0, 9).map(str),
)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        yield made


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CELLS, min_size=1, max_size=40), st.booleans(), st.integers(1, 7))
def test_figures_are_those_of_a_table_in_memory(
    connection: duckdb.DuckDBPyConnection, rows: list[tuple[str | None, ...]], by_person: bool, parcel: int
) -> None:
    columns = [*QUASI, *SENSITIVE, "person"]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
    person = "person" if by_person else None
    connection.register("t", frame)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(larger, "PARCEL", parcel)
        found = assess_larger(connection, "t", QUASI, SENSITIVE, person=person, fraction=0.5).figures()
    expected = assess(frame, QUASI, SENSITIVE, person=person, fraction=0.5).figures()
    missing = frame.select(pl.any_horizontal(pl.col(QUASI).fill_null("").is_in(["", "NaN"])).any()).item()
    assert found.pop("k_missing_as_wildcard") == (None if missing else expected["k_missing_as_wildcard"])
    del expected["k_missing_as_wildcard"]
    assert _near(found, expected)
    assert connection.execute("SHOW TABLES").fetchall() == [("t",)]


def _near(one: object, other: object) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_near(one[key], other[key]) for key in one)
    return one == (pytest.approx(other, rel=1e-9, abs=1e-12) if isinstance(other, float) else other)


def test_more_groups_than_64_bits_can_number(connection: duckdb.DuckDBPyConnection) -> None:
    names = [f"c{n}" for n in range(14)]
    frame = pl.DataFrame({name: [str(row * (n + 1) % 997) for row in range(3000)] for n, name in enumerate(names)})
    connection.register("t", frame)
    assert assess_larger(connection, "t", names[:12]).figures() == assess(frame, names[:12]).figures()
    with pytest.raises(Unfit, match="too many values"):
        assess_larger(connection, "t", names)


def test_little_memory_suffices_and_nothing_is_left_behind(tmp_path: Path) -> None:
    settings_of_duckdb: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": "20MB", "temp_directory": str(tmp_path), "threads": 1,
        "preserve_insertion_order": False,
    }  # fmt: skip
    with duckdb.connect(":memory:", config=settings_of_duckdb) as spilling:
        spilling.execute(
            "CREATE VIEW t AS SELECT (hash(i) % 60000)::VARCHAR AS a, (i % 7)::VARCHAR AS s FROM range(300000) r(i)"
        )
        found = assess_larger(spilling, "t", ["a"], ["s"])
        frame = pl.from_arrow(spilling.sql("SELECT * FROM t").to_arrow_table())
    assert isinstance(frame, pl.DataFrame)
    assert found.figures() == assess(frame, ["a"], ["s"]).figures()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("quasi", "sensitive", "person", "said"),
    [
        ([], [], None, "needs quasi"),
        (["a"], ["a"], None, "one role"),
        (["a"], [], "p", "1 rows belong to nobody"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    connection: duckdb.DuckDBPyConnection, quasi: list[str], sensitive: list[str], person: str | None, said: str
) -> None:
    connection.register("t", pl.DataFrame({"a": ["x", "y"], "p": ["1", None]}))
    with pytest.raises(Unfit, match=said):
        assess_larger(connection, "t", quasi, sensitive, person=person)
    connection.register("e", pl.DataFrame({"a": []}, schema={"a": pl.String}))
    with pytest.raises(Unfit, match="needs rows"):
        assess_larger(connection, "e", ["a"])
    assert sorted(connection.execute("SHOW TABLES").fetchall()) == [("e",), ("t",)]
