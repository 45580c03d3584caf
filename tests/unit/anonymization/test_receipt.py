"""The floor of de-identification: whatever comes in, nothing direct goes on, and every class has its treatment."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.receipt import FLOOR, KEPT, Applied, on_receipt
from provision.formats.base import ColumnClass

CLASSES = [str(cls) for cls in ColumnClass]
GONE = {"direct", "link", "free", "technical", "reserved", "provider_name"}
FORMS = {
    "birth": r"^[0-9]{4}-(0[1-9]|1[0-2])$",
    "zip": r"^[0-9]{3}$",
    "insurer": r"^([0-9]{6}|[0-9]{8})$",
}


def test_every_class_has_exactly_one_treatment() -> None:
    assert set(CLASSES) == set(FLOOR) | KEPT
    assert not set(FLOOR) & KEPT
    assert {cls for cls, rule in FLOOR.items() if rule == "drop-column"} == GONE


@pytest.mark.parametrize("cls", CLASSES)
def test_one_column_of_each_class(cls: str) -> None:
    applied = Applied()
    made = on_receipt(
        pl.DataFrame({"claim_no": [1, 2], "x": ["19560203", ""]}), {"claim_no": "ordinary", "x": cls}, applied
    )
    assert ("x" in made.columns) is (cls not in GONE)
    assert made.height == 2
    assert applied.cells == ({FLOOR[cls]: 1} if cls in FLOOR else {})


def test_counts_add_up_over_columns_and_tables() -> None:
    frame = pl.DataFrame({"n": ["あ", None, ""], "m": ["い", "う", None], "b": ["19560203", "x", None]})
    applied = Applied()
    for _ in range(2):
        made = on_receipt(frame, {"n": "direct", "m": "link", "b": "birth"}, applied)
    assert applied.cells == {"drop-column": 6, "birth-month": 4}
    assert made.to_dict(as_series=False) == {"b": ["1956-02", None, None]}


def test_numbers_are_dropped_and_counted_too() -> None:
    applied = Applied()
    made = on_receipt(pl.DataFrame({"a": [1], "b": [7]}), {"a": "ordinary", "b": "technical"}, applied)
    assert made.columns == ["a"]
    assert applied.cells == {"drop-column": 1}


@pytest.mark.parametrize("classes", [{"a": "ordinary"}, {"a": "ordinary", "c": "direct"}, {}])
def test_a_column_without_a_class_is_refused_without_its_name(classes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="without a class") as caught:
        on_receipt(pl.DataFrame({"a": ["x"], "架空花子": ["y"]}), classes, Applied())
    assert "架空花子" not in str(caught.value)


@pytest.mark.parametrize("cls", ["", "Direct", "unknown", "keep"])
def test_an_unknown_class_is_refused(cls: str) -> None:
    with pytest.raises(ValueError, match="unknown class"):
        on_receipt(pl.DataFrame({"a": ["x"]}), {"a": cls}, Applied())


cells = st.none() | st.text(max_size=12) | st.sampled_from(["19560203", "105-0011", "06132013", "138057\n", "1050011"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(CLASSES), st.lists(cells, min_size=3, max_size=3)), min_size=1, max_size=8))
def test_nothing_direct_remains_whatever_comes_in(columns: list[tuple[str, list[str | None]]]) -> None:
    names = [f"c{place}" for place in range(len(columns))]
    classes = {"claim_no": "ordinary"} | {name: cls for name, (cls, _) in zip(names, columns, strict=True)}
    data = {name: pl.Series(values, dtype=pl.String) for name, (_, values) in zip(names, columns, strict=True)}
    frame, applied = pl.DataFrame({"claim_no": [1, 2, 3], **data}), Applied()
    made = on_receipt(frame, classes, applied)
    assert made["claim_no"].to_list() == [1, 2, 3]
    assert made.columns == ["claim_no", *[n for n in names if classes[n] not in GONE]]
    for name in made.columns:
        if classes[name] in FORMS:
            assert made[name].drop_nulls().str.contains(FORMS[classes[name]]).all()
        else:
            assert made[name].equals(frame[name])
    treated = [value for name in names if classes[name] in FLOOR for value in frame[name] if value]
    assert sum(applied.cells.values()) == len(treated)
