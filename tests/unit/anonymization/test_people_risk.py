"""Suppression of small groups, over people, against counting by hand."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.risk.people import suppress_small_groups

PAIRS = st.tuples(st.sampled_from(["1", "2", None]), st.sampled_from(["00-04", "90+", None]))


@settings(max_examples=200, deadline=None)
@given(st.lists(PAIRS, min_size=1, max_size=60), st.integers(2, 8))
def test_suppression_is_what_counting_gives(people: list[tuple[str | None, str | None]], k: int) -> None:
    frame = pl.DataFrame(
        {"person": range(len(people)), "sex": [p[0] for p in people], "age_band": [p[1] for p in people]},
        schema={"person": pl.Int64, "sex": pl.String, "age_band": pl.String},
    )
    left, risk = suppress_small_groups(frame, ["sex", "age_band"], k)
    groups = Counter(people)
    stay = [n for n, pair in enumerate(people) if groups[pair] >= k]
    kept = [size for size in groups.values() if size >= k]
    assert left["person"].to_list() == stay
    assert left.columns == frame.columns
    assert risk.counts() == {
        "k": k, "people": len(people), "groups": len(groups), "smallest_group": min(groups.values()),
        "suppressed": len(people) - len(stay), "suppressed_ppm": round((len(people) - len(stay)) / len(people) * 1e6),
        "groups_left": len(kept), "smallest_group_left": min(kept, default=0),
        "unique_people": sum(size == 1 for size in groups.values()),
    }  # fmt: skip
    again, second = suppress_small_groups(left, ["sex", "age_band"], k) if stay else (left, None)
    assert again.equals(left)
    assert second is None or second.suppressed == 0


@pytest.mark.parametrize(
    ("people", "quasi", "k"),
    [(pl.DataFrame({"sex": []}, schema={"sex": pl.String}), ["sex"], 3), (pl.DataFrame({"sex": ["1"]}), [], 3),
     (pl.DataFrame({"sex": ["1"]}), ["sex"], 1), (pl.DataFrame({"sex": ["1"]}), ["sex"], 0)],
)  # fmt: skip
def test_what_cannot_be_judged_is_refused(people: pl.DataFrame, quasi: list[str], k: int) -> None:
    with pytest.raises(ValueError, match="k-anonymity"):
        suppress_small_groups(people, quasi, k)


def test_a_quasi_identifier_that_is_not_there_is_an_error() -> None:
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        suppress_small_groups(pl.DataFrame({"sex": ["1"]}), ["sex", "prefecture"], 3)
