"""The hospital's claims files, read back by a parser that shares nothing with the writer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sampledata_reading import Written, read_uke, totals

from provision.sampledata import write_world
from provision.sampledata.numbering import checked

COLUMNS = {"RE": 38, "HO": 15, "KO": 12, "SN": 9, "JD": 33, "MF": 33, "SY": 8}
COLUMNS |= {"SI": 44, "IY": 44, "TO": 48, "CO": 5, "SJ": 3}
#: RE HO? KO{0,4} SN* JD* MF? SY+ (SI IY TO CO)+ SJ*
GRAMMAR = re.compile(r"RE(HO)?(KO){0,4}(SN)*(JD)*(MF)?(SY)+(SI|IY|TO|CO)+(SJ)*")
DROPS = ["2025-05-1", "2025-06-1", "2025-06-2", "2025-07-1"]
SAMPLE = Path(__file__).parents[4] / "shared/samples/uke/receiptisan/RECEIPTC_GAIRAI_SAMPLE.UKE"


def summed(claim: list[list[str]]) -> int:
    """Points of the summary section; meals (97) are yen and do not count."""
    points, section = 0, ""
    for record in claim:
        if record[0] in ("SI", "IY", "TO", "CO"):
            section = record[1] or section
            if record[0] != "CO" and record[5] and section != "97":
                points += int(record[5]) * int(record[6])
    return points


def test_the_parser_agrees_with_a_published_sample() -> None:
    if not SAMPLE.exists():
        pytest.skip("the published sample lies beside the project and is not here")
    _, claims, go = read_uke(SAMPLE.read_bytes())
    assert totals(claims) == (140, 86_392) == (int(go[1]), int(go[2]))


@pytest.mark.parametrize("drop", DROPS)
def test_totals_columns_and_order(world: Written, drop: str) -> None:
    ir, claims, go = read_uke(world.file("kita-hospital", drop).read_bytes())
    assert (len(ir), ir[0], len(go), go[0], go[3]) == (10, "IR", 4, "GO", "99")
    assert totals(claims) == (int(go[1]), int(go[2]))
    assert len(claims) > 200
    for number, claim in enumerate(claims, 1):
        assert GRAMMAR.fullmatch("".join(record[0] for record in claim))
        assert all(len(record) == COLUMNS[record[0]] for record in claim)
        assert claim[0][1] == str(number)
        main = next(record for record in claim if record[0] in ("HO", "KO"))
        assert int(main[5]) == summed(claim)


def test_payer_class_and_number_of_payers_match_the_records(world: Written) -> None:
    seen = set()
    _, claims, _ = read_uke(world.file("kita-hospital", "2025-05-1").read_bytes())
    for claim in claims:
        insurers = [r for r in claim if r[0] == "HO"]
        publics = [r for r in claim if r[0] == "KO"]
        kind = claim[0][2]
        assert int(kind[2]) == len(insurers) + len(publics)
        assert (kind[1] == "2") == (not insurers)
        for record in insurers:
            assert (kind[1] == "3") == (record[1][:2] == "39") == (not record[2])
            assert len(record[1]) == 8
        assert (claim[0][8] != "") == (int(kind[3]) % 2 == 1)
        numbers = [r[1].strip() for r in insurers + publics]
        assert all(checked(n[:-1]) == n for n in numbers)
        assert all(checked(r[2][:-1]) == r[2] for r in publics)
        seen.add((len(insurers), len(publics)))
    assert {(1, 0), (1, 1), (0, 1)} <= seen


def test_what_vendors_write_is_all_there(world: Written) -> None:
    text = "".join(world.file("kita-hospital", drop).read_bytes().decode("cp932") for drop in DROPS)
    kinds = {line.split(",")[0] for line in text.split("\r\n")}
    assert set(COLUMNS) <= kinds
    assert re.search(r"\r\nHO,  138032,０３－", text)
    assert re.search(r"\r\nCO,\d\d,.,810000001,[^\r]*様", text)
    assert re.search(r"\r\nSY,0000999,\d{8},1,,[^,]+,", text)
    assert re.search(r"\r\n(IY|SI|TO),,", text)
    assert '"' not in text
    text.replace("－", "−").encode("shift_jis")  # the minus sign is one byte pair with two readings
    branches = len(re.findall(r"\r\nSN,", text)) / len(re.findall(r"\r\nHO,", text))
    assert 0.3 < branches < 0.6


def test_the_final_mark_comes_and_goes(world: Written) -> None:
    ends = [world.file("kita-hospital", drop).read_bytes()[-1:] for drop in DROPS]
    assert ends == [b"\x1a", b"\n", b"\n", b"\x1a"]


def test_returned_and_late_claims(world: Written) -> None:
    kinds = {(c["drop"], c["month"], c["kind"]) for c in world.claims if c["source"] == "kita-hospital"}
    assert ("2025-06-1", "2025-05", "late") in kinds
    assert ("2025-07-1", "2025-05", "rebilled") in kinds
    _, before, _ = read_uke(world.file("kita-hospital", "2025-05-1").read_bytes())
    _, after, _ = read_uke(world.file("kita-hospital", "2025-07-1").read_bytes())
    first = {claim[0][18]: claim[0] for claim in before if claim[0][18]}
    again = [claim[0] for claim in after if claim[0][3] == "202505" and claim[0][18]]
    assert again
    for record in again:
        assert first[record[18]][2:] == record[2:]
        assert 17 <= len(record[18]) <= 30


def test_the_superseding_batch_differs_in_a_few_claims(world: Written) -> None:
    _, before, _ = read_uke(world.file("kita-hospital", "2025-06-1").read_bytes())
    _, after, _ = read_uke(world.file("kita-hospital", "2025-06-2").read_bytes())
    assert len(before) == len(after)
    changed = sum(a != b for a, b in zip(before, after, strict=True))
    assert 0 < changed < len(before) / 10
    marker = (world.out / "senders/kita-hospital/2025-06-2/batch.yaml").read_text("utf-8")
    assert marker == 'period: "2025-06"\nsequence: 2\nsupersedes: 1\n'


@pytest.mark.parametrize("people", [20, 300])
def test_a_batch_that_replaces_another_differs_in_the_smallest_world(tmp_path: Path, people: int) -> None:
    write_world(tmp_path, seed=1, people=people, months=["2025-04", "2025-05"])
    first, again = (tmp_path / f"senders/kita-hospital/2025-05-{n}/RECEIPTC.UKE" for n in (1, 2))
    assert first.read_bytes() != again.read_bytes()


def test_old_months_have_era_dates(tmp_path: Path) -> None:
    write_world(tmp_path, seed=1, people=300, months=["2021-09", "2021-10"])
    old = read_uke((tmp_path / "senders/kita-hospital/2021-09-1/RECEIPTC.UKE").read_bytes())
    new = read_uke((tmp_path / "senders/kita-hospital/2021-10-1/RECEIPTC.UKE").read_bytes())
    assert (old[0][7], new[0][7]) == ("50310", "202111")
    assert {(len(c[0][3]), len(c[0][6])) for c in old[1]} == {(5, 7)}
    assert {(len(c[0][3]), len(c[0][6])) for c in new[1]} == {(6, 8)}
    assert {len(r[2]) for c in old[1] for r in c if r[0] == "SY"} == {7}
    write_world(tmp_path / "b", seed=1, people=300, months=["2021-09"], era_dates=False)
    assert read_uke((tmp_path / "b/senders/kita-hospital/2021-09-1/RECEIPTC.UKE").read_bytes())[0][7] == "202110"


def test_sins_only_where_asked_for(tmp_path: Path, world: Written) -> None:
    write_world(tmp_path, seed=7, people=1600, months=["2025-05"], sins=True)
    _, sinful, go = read_uke((tmp_path / "senders/kita-hospital/2025-05-1/RECEIPTC.UKE").read_bytes())
    _, clean, _ = read_uke(world.file("kita-hospital", "2025-05-1").read_bytes())
    assert not any("".join(claim[0][15:18]) for claim in clean)
    assert any(claim[0][15] and claim[0][4].startswith(claim[0][15]) for claim in sinful)
    numbers = [r[1].strip() for claim in sinful for r in claim if r[0] == "HO"]
    assert any(checked(n[:-1]) != n for n in numbers)
    assert totals(sinful) == (int(go[1]), int(go[2]))
