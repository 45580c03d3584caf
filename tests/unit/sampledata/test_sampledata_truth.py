"""The truth matches the files, and the identifying values are really what stands in them."""

from __future__ import annotations

import pytest
from sampledata_reading import Written, read_uke

from provision.sampledata import identifying_values


@pytest.mark.parametrize("drop", ["2025-05-1", "2025-06-1", "2025-06-2", "2025-07-1"])
def test_every_claim_is_the_truths_person(world: Written, drop: str) -> None:
    _, claims, _ = read_uke(world.file("kita-hospital", drop).read_bytes())
    told = world.of("kita-hospital", drop)
    assert [c["claim"] for c in told] == list(range(1, len(claims) + 1))
    for claim, item in zip(claims, told, strict=True):
        person, head = world.people[item["person"]], claim[0]
        assert head[4] == "　".join(person["names"][0])
        assert (head[36], head[6], head[5]) == ("".join(person["kana"]), person["birth"], person["sex"])
        assert head[3] == item["month"].replace("-", "")
        assert head[13] in [t["number"] for t in person["tokens"] if t["kind"] == "chart"]
        for record in claim:
            if record[0] == "HO":
                cards = [
                    (t["insurer"], _wide(t["symbol"]), _wide(t["number"])) for t in person["tokens"] if "branch" in t
                ]
                assert (record[1].strip(), record[2], record[3]) in cards


def _wide(text: str) -> str:
    return "".join("－" if c == "-" else chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def test_identifying_values_are_found_where_persons_are(world: Written) -> None:
    text = "".join(
        path.read_bytes().decode("utf-8-sig" if path.read_bytes().startswith(b"\xef") else "cp932")
        for path in sorted((world.out / "senders").rglob("*"))
        if path.is_file() and path.name != "batch.yaml"
    )
    values: dict[str, set[str]] = {}
    for kind, value in identifying_values(world.out / "truth"):
        values.setdefault(kind, set()).add(value)
    assert set(values) == {"name", "kana", "romaji", "address", "phone", "insured", "chart", "resident"}
    assert all(any(value in text for value in found) for found in values.values())


def test_no_value_is_so_short_that_anything_holds_it(world: Written) -> None:
    shortest: dict[str, int] = {}
    for kind, value in identifying_values(world.out / "truth"):
        shortest[kind] = min(len(value), shortest.get(kind, 99))
    assert shortest["name"] >= 3
    assert shortest["kana"] >= 4
    assert shortest["address"] >= 6
    assert min(shortest[k] for k in ("phone", "chart", "resident")) >= 10
    assert shortest["insured"] >= 8


def test_values_come_in_the_ways_people_write_them(world: Written) -> None:
    values = set(identifying_values(world.out / "truth"))
    person = next(p for p in world.people.values() if len(p["names"]) == 2 and not p["romaji"])
    for surname, given in person["names"]:
        assert {("name", surname + gap + given) for gap in ("", " ", "　")} <= values
    assert ("phone", person["phone"].replace("-", "")) in values
    assert ("phone", _wide(person["phone"])) in values
    assert ("address", person["address"][0]) in values
