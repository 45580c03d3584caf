"""The care facility's files: totals against claims, quoted and unquoted months."""

from __future__ import annotations

from collections import Counter

import pytest
from sampledata_reading import Written, read_csv

DROPS = ["2025-05-1", "2025-06-1", "2025-07-1"]
LENGTHS = {"01": 58, "02": 20, "10": 40}


def _at(row: list[str], place: int) -> int:
    """Item `place` of the data part as a number."""
    return int(row[place + 1] or 0)


@pytest.mark.parametrize("drop", DROPS)
def test_the_request_adds_up(world: Written, drop: str) -> None:
    rows = read_csv(world.file("sakura-care", drop), "cp932")
    data = rows[1:-1]
    assert [int(row[1]) for row in rows] == list(range(1, len(rows) + 1))
    assert (rows[0][0], int(rows[0][3]), rows[0][4], rows[-1][0]) == ("1", len(data), "711", "3")
    requests = [row for row in data if row[2] == "7111"]
    claims = [row for row in data if row[2] == "7131"]
    assert all(len(row) == 20 for row in requests)
    assert all(len(row) == LENGTHS[row[3]] for row in claims)
    for request in requests:
        month, public = request[3], request[5] == "2"
        basis = [r for r in claims if r[3] == "01" and r[4] == month and (not public or r[8][:2] == request[6])]
        people = {r[7] for r in basis}
        sums = [r for r in claims if r[3] == "10" and r[4] == month and r[7] in people]
        cost = sum(_at(r, 14) * _at(r, 15) // 100 for r in sums)
        expected = [len(basis), sum(_at(r, 33) for r in basis), cost]
        expected += [0 if public else sum(_at(r, 34) for r in basis), sum(_at(r, 40) for r in basis)]
        expected += [0 if public else sum(_at(r, 35) for r in basis)]
        assert [_at(request, place) for place in range(7, 13)] == expected
        if not public:
            assert cost == sum(expected[3:])
    assert {row[3] for row in requests} == {r[4] for r in claims}


@pytest.mark.parametrize("drop", DROPS)
def test_details_and_sums_agree_with_the_basis(world: Written, drop: str) -> None:
    claims = [row for row in read_csv(world.file("sakura-care", drop), "cp932") if row[2:3] == ["7131"]]
    units: dict[str, Counter[tuple[str, str]]] = {kind: Counter() for kind in LENGTHS}
    for row in claims:
        place = {"01": 33, "02": 14, "10": 14}[row[3]]
        units[row[3]][row[7], row[4]] += _at(row, place)
    assert units["01"] == units["02"] == units["10"]
    assert len(units["01"]) > 20


def test_some_months_are_quoted(world: Written) -> None:
    texts = [world.file("sakura-care", drop).read_bytes() for drop in DROPS]
    assert ['"7131"' in t.decode("cp932") for t in texts] == [True, False, True]
    assert all(t.endswith(b"\r\n") and b"\n" not in t.replace(b"\r\n", b"") for t in texts)


def test_users_are_old_residents_and_late_claims_follow(world: Written) -> None:
    ordinals = Counter()
    for drop in DROPS:
        rows = [r for r in read_csv(world.file("sakura-care", drop), "cp932") if r[2:4] == ["7131", "01"]]
        told = world.of("sakura-care", drop)
        assert len(rows) == len(told)
        for ordinal, (row, claim) in enumerate(zip(rows, told, strict=True), 1):
            person = world.people[claim["person"]]
            assert claim["claim"] == ordinal
            assert row[14] == person["birth"] <= "19600630"
            assert {"kind": "care", "insurer": row[6].lstrip("0"), "number": row[7]} in person["tokens"]
            ordinals[claim["kind"]] += 1
    assert ordinals["late"] > 0
