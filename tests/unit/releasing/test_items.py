"""検査項目: a plan may ask for some test items only; contract and codebook then know no others."""

from __future__ import annotations

import pytest

from provision import codes
from provision.config import load_plans
from provision.errors import FixConfiguration, Refused
from provision.formats.base import Table
from provision.formats.testvalues import ANSWER, TEST_VALUE
from provision.model import Plan, TableSelection
from provision.packaging.codebook import values
from provision.releasing.contract import domain
from provision.releasing.shapes import _narrowed, items_of
from tests.support.house import House

VALUES = Table("test_value", "検査値", "Test values", TEST_VALUE)
ITEM = VALUES.column("item")


def plan(house: House) -> Plan:
    return load_plans(house.config).items["checkups-for-foundation"]


def asked(*items: str) -> TableSelection:
    return TableSelection(dataset="d", table="test_value", columns=["item"], items=list(items))


def test_items_come_in_the_lists_order_whatever_the_plans(house: House) -> None:
    assert items_of(plan(house), VALUES, asked("ldl", "hba1c", "ldl")) == ("ldl", "hba1c")
    assert items_of(plan(house), VALUES, asked("hba1c", "ldl")) == ("ldl", "hba1c")
    assert items_of(plan(house), VALUES, asked()) == ()


def test_an_unknown_item_is_refused(house: House) -> None:
    with pytest.raises(Refused, match="no test item is called hba1d"):
        items_of(plan(house), VALUES, asked("hba1c", "hba1d"))


def test_a_table_without_items_has_none_to_choose(house: House) -> None:
    with pytest.raises(Refused, match="holds no test items"):
        items_of(plan(house), Table("answer", "回答", "Answers", ANSWER), asked("hba1c"))


def test_contract_and_codebook_know_what_was_asked_for_only(house: House) -> None:
    made = plan(house)
    ctx = house.open()
    column = _narrowed(ITEM, ("ldl", "hba1c"))
    closed = domain(column, ctx.profile(made.profile), 1, 1)
    assert closed.admits("hba1c")
    assert not closed.admits("height")
    assert "HbA1c" in values(column.domain, "ja")
    assert "身長" not in values(column.domain, "ja")
    assert _narrowed(ITEM, ()) == ITEM
    assert _narrowed(VALUES.column("unit"), ("ldl",)) == VALUES.column("unit")


def test_part_of_a_code_list() -> None:
    assert list(codes.load("sex/2").names) == ["2"]
    assert list(codes.load("sex/2,1").names) == ["1", "2"]
    with pytest.raises(FixConfiguration, match="no code 3"):
        codes.load("sex/1,3")


def test_the_check_names_the_key(house: House) -> None:
    from provision.checking import check_all

    def ask(said: dict[str, object]) -> None:
        said["tables"][1]["items"] = ["hba1c"]  # type: ignore[index]

    house.edit("releases/checkups-for-foundation.yaml", ask)
    found = [problem for problem in check_all(house.config) if problem.key == "tables.1.items"]
    assert [problem.what for problem in found] == ["table checkup holds no test items"]
