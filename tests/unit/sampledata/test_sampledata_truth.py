"""The truth matches the files, and the identifying values are really what stands in them."""

from __future__ import annotations

import pytest
from sampledata_reading import Written, read_csv, read_uke, totals

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


def test_the_truth_tells_what_every_file_adds_up_to(world: Written) -> None:
    for line in world.lines("files"):
        path = world.out / "senders" / line["source"] / line["drop"] / line["file"]
        told = [c for c in world.claims if (c["source"], c["drop"], c["file"]) == _place(line)]
        if line["format"] == "uke-medical":
            _, claims, go = read_uke(path.read_bytes())
            assert (line["totals"]["payers"], line["totals"]["points"]) == totals(claims) == (int(go[1]), int(go[2]))
            assert line["rows"]["RE"] == line["totals"]["claims"] == len(claims) == len(told)
            assert sum(line["rows"].values()) == sum(map(len, claims))
        if line["format"] == "kaigo-claims":
            rows = read_csv(path, "cp932")[1:-1]
            said = [row for row in rows if row[2] == "7111" and row[5] == "1"]
            assert line["totals"]["units"] == sum(int(row[9]) for row in said)
            assert line["totals"]["claims"] == sum(int(row[8]) for row in said) == len(told)
            assert sum(line["rows"].values()) == len(rows)
        if line["format"] == "member-ledger":
            assert line["rows"]["row"] == line["totals"]["members"] == len(told)
    assert {_place(line)[:2] for line in world.lines("files")} == {(c["source"], c["drop"]) for c in world.claims}


def _place(line: dict) -> tuple[str, str, str]:
    return line["source"], line["drop"], line["file"]
