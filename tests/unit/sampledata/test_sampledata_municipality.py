"""The municipality's ledger: header, ways of writing, who is in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sampledata_reading import Written, read_csv

from provision.sampledata import write_world
from provision.sampledata.municipality import HEADER

ASKED = (
    "宛名番号,氏名,カナ氏名,生年月日,性別,続柄,郵便番号,住所,電話番号,国保保険者番号,記号,番号,枝番,"
    "後期高齢者被保険者番号,介護保険者番号,介護被保険者番号,要介護状態区分,資格取得年月日,資格喪失年月日,"
    "健診実施年月日,身長,体重,腹囲,収縮期血圧,拡張期血圧,HbA1c,LDLコレステロール,備考"
)


@pytest.fixture(scope="module")
def three_quarters(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, list[dict[str, str]]]]:
    out = tmp_path_factory.mktemp("quarters")
    write_world(out, seed=2, people=900, months=["2025-03", "2025-04", "2025-05", "2025-08"])
    found = []
    for drop, encoding in (("2025-03-1", "utf-8-sig"), ("2025-04-1", "cp932"), ("2025-08-1", "utf-8-sig")):
        (path,) = (out / "senders/minato-city" / drop).glob("*.csv")
        assert path.read_bytes().startswith(b"\xef\xbb\xbf") == (encoding != "cp932")
        rows = read_csv(path, encoding)
        found.append((drop, [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]))
    return found


def test_the_header_is_the_agreed_one_with_the_late_elderly_insurer() -> None:
    assert [name for name in HEADER if name != "後期高齢者保険者番号"] == ASKED.split(",")
    assert HEADER.index("後期高齢者保険者番号") + 1 == HEADER.index("後期高齢者被保険者番号")


def test_each_file_has_its_own_way_of_writing_dates(three_quarters: list) -> None:
    forms = [r"\d{4}/\d\d/\d\d", r"[TSHR]\d{6}", r"\d{8}"]
    dates = ("生年月日", "資格取得年月日", "資格喪失年月日", "健診実施年月日")
    for (_, rows), form in zip(three_quarters, forms, strict=True):
        values = [row[name] for row in rows for name in dates if row[name]]
        assert all(re.fullmatch(form, value) for value in values)
        assert len(rows) > 300


def test_late_elderly_rows_name_both_insurers(three_quarters: list) -> None:
    for _, rows in three_quarters:
        late = [row for row in rows if row["後期高齢者被保険者番号"]]
        assert late
        for row in late:
            assert row["国保保険者番号"] == "138032"
            assert row["後期高齢者保険者番号"].startswith("39")
            assert (row["記号"], row["番号"], row["枝番"]) == ("", "", "")
        assert any(not row["国保保険者番号"] and row["介護被保険者番号"] for row in rows)


def test_notes_hold_names_and_telephones_and_checkups_are_plausible(three_quarters: list) -> None:
    rows = [row for _, rows in three_quarters for row in rows]
    assert any(re.search(r"緊急連絡先　.+　0\d+-0\d+-\d{4}", row["備考"]) for row in rows)
    checked = [row for row in rows if row["健診実施年月日"]]
    assert len(checked) > 50
    assert all(50 <= int(r["拡張期血圧"]) < int(r["収縮期血圧"]) + 20 < 200 for r in checked)
    assert any("髙" in row["氏名"] or "﨑" in row["氏名"] for row in rows)
    assert any(re.fullmatch(r"[A-Z ]+", row["氏名"]) for row in rows)


def test_every_row_is_the_truths_person(world: Written) -> None:
    moved = 0
    rows = read_csv(world.file("minato-city", "2025-05-1"), "utf-8-sig")[1:]
    told = world.of("minato-city", "2025-05-1")
    assert [c["claim"] for c in told] == list(range(1, len(rows) + 1))
    for row, claim in zip(rows, told, strict=True):
        person = world.people[claim["person"]]
        assert row[3].replace("/", "") == person["birth"]
        assert row[2].split("　") == person["kana"]
        assert row[7] == person["address"][0]
        moved += bool(row[HEADER.index("資格喪失年月日")])
    assert moved > 0


def test_only_cards_of_the_city_are_in_it(world: Written, tmp_path: Path) -> None:
    rows = read_csv(world.file("minato-city", "2025-05-1"), "utf-8-sig")[1:]
    assert {row[9] for row in rows} == {"138032", ""}
    numbers = {row[0] for row in rows}
    patients = {c["person"] for c in world.of("kita-hospital", "2025-05-1")}
    resident = {p: next(t["number"] for t in world.people[p]["tokens"] if t["kind"] == "resident") for p in patients}
    meet = sum(number in numbers for number in resident.values()) / len(resident)
    assert 0.4 < meet < 0.9
