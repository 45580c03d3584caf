"""The senders one asks for: their files add up, tell the truth, differ in style, and change nothing of the others."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sampledata_reading import Written, read_csv, totals

from provision.sampledata import write_world
from provision.sampledata.cli import main
from provision.sampledata.deliveries import senders
from provision.sampledata.others import EVERYTHING

MONTHS = ["2025-04", "2025-05", "2025-06", "2025-07"]
ARGUMENTS = {"seed": 7, "people": 700, "months": MONTHS}
CLAIMS = {"minami-hospital": "RECEIPTD.UKE", "aoba-dental": "RECEIPTS.UKE", "hinode-pharmacy": "RECEIPTY.CYO"}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Written:
    out = tmp_path_factory.mktemp("full")
    write_world(out, **ARGUMENTS, everything=True)  # type: ignore[arg-type]
    return Written(out)


def records(path: Path) -> list[list[str]]:
    return [line.split(",") for line in path.read_bytes().decode("cp932").rstrip("\x1a").split("\r\n") if line]


def claims(path: Path) -> list[list[list[str]]]:
    """Claims of a file, whatever opens it: each from its RE on."""
    found: list[list[list[str]]] = []
    for record in records(path)[1:-1]:
        if record[0] == "RE":
            found.append([])
        if found and record[0] not in ("IR", "MN"):
            found[-1].append(record)
    return found


def test_nothing_that_the_others_write_changes(full: Written, tmp_path: Path) -> None:
    write_world(tmp_path, **ARGUMENTS)  # type: ignore[arg-type]
    always = sorted(path for path in (tmp_path / "senders").rglob("*") if path.is_file())
    assert len(always) > 20
    for path in always:
        assert path.read_bytes() == (full.out / path.relative_to(tmp_path)).read_bytes()
    plain = Written(tmp_path)
    assert plain.claims == [c for c in full.claims if c["source"] in {"kita-hospital", "sakura-care", "minato-city"}]
    for person, described in plain.people.items():
        more = full.people[person]["tokens"][len(described["tokens"]) :]
        assert full.people[person] == described | {"tokens": described["tokens"] + more}
        assert {token["kind"] for token in more} == {"chart"}


def test_every_sender_wrote_and_every_drop_is_marked(full: Written) -> None:
    files = {line["format"] for line in full.lines("files")}
    assert files == EVERYTHING | {"uke-medical", "kaigo-claims", "member-ledger", *senders()}
    for drop in (full.out / "senders").glob("*/*"):
        assert (drop / "batch.yaml").is_file()
        assert len(list(drop.iterdir())) > 1


def test_claims_add_up_as_an_examiner_would(full: Written) -> None:
    for source, name in CLAIMS.items():
        for line in [line for line in full.lines("files") if line["source"] == source]:
            path = full.out / "senders" / source / line["drop"] / name
            found, (*_, go) = claims(path), records(path)
            if source == "minami-hospital":
                found = _without_details(found)
            assert totals(found) == (int(go[1]), int(go[2])) == (line["totals"]["payers"], line["totals"]["points"])
            assert len(found) == line["totals"]["claims"]
            assert Counter(r[0] for r in records(path)[1:-1]) == line["rows"]


def _without_details(found: list[list[list[str]]]) -> list[list[list[str]]]:
    kept, left = [], 0
    for claim in found:
        if left:
            left -= 1
            continue
        kept.append(claim)
        left = int(claim[0][19]) if len(claim[0]) > 19 and claim[0][19] else 0
    return kept


def test_dpc_points_are_those_of_the_periods_and_of_what_is_paid_apart(full: Written) -> None:
    found = _without_details(claims(full.file("minami-hospital", "2025-05-1")))
    assert {len(claim[0]) > 19 and claim[0][19] for claim in found} > {"2"}
    for claim in found:
        (main, *_) = [r for r in claim if r[0] in ("HO", "KO")]
        total = [r for r in claim if r[0] == "GT"]
        if not total:
            continue
        assert int(total[0][5]) == sum(int(r[6]) * int(r[7]) for r in claim if r[0] == "HH")
        assert sum(int(r[7]) for r in claim if r[0] == "HH") == int(main[4])
        apart = sum(int(r[5]) * int(r[6]) for r in claim if r[0] in ("SI", "IY", "TO") and r[5])
        assert int(main[5]) == int(total[0][8]) + apart


@pytest.mark.parametrize(("source", "kana", "chart"), [("aoba-dental", 25, 15), ("hinode-pharmacy", 41, 35)])
def test_every_claim_is_the_truths_person(full: Written, source: str, kana: int, chart: int) -> None:
    for month in MONTHS:
        told = full.of(source, f"{month}-1")
        found = claims(full.file(source, f"{month}-1"))
        assert len(found) == len(told) > 20
        for claim, item in zip(found, told, strict=True):
            person, head = full.people[item["person"]], claim[0]
            assert (head[4], head[kana]) == ("　".join(person["names"][0]), "".join(person["kana"]))
            assert head[chart] in [token["number"] for token in person["tokens"] if token["kind"] == "chart"]


def test_the_truth_tells_what_stands_on_the_record(full: Written) -> None:
    told = [line for line in full.lines("evidence") if line["source"] == "aoba-dental"]
    places = [(c["source"], c["drop"], c["file"], c["claim"], c["person"]) for c in full.claims]
    evidence = full.lines("evidence")
    assert [(e["source"], e["drop"], e["file"], e["claim"], e["person"]) for e in evidence] == places
    by_drop = [line for line in told if line["drop"] == "2025-05-1"]
    for claim, line in zip(claims(full.file("aoba-dental", "2025-05-1")), by_drop, strict=True):
        ho = next((r for r in claim if r[0] == "HO"), None)
        sn = next((r for r in claim if r[0] == "SN"), None)
        assert (line.get("insurer"), line.get("branch")) == (ho and ho[1].strip(), sn and sn[6])


def test_what_was_returned_was_billed_before_and_is_billed_again(full: Written) -> None:
    back = [c for c in full.claims if c["kind"] == "returned"]
    assert {c["source"] for c in back} >= {"kita-returns", "aoba-returns", "hinode-returns"}
    for source, returns in (("kita-hospital", "kita-returns"), ("hinode-pharmacy", "hinode-returns")):
        billed = {(c["person"], c["month"]) for c in full.claims if c["source"] == source and c["kind"] == "first"}
        again = {(c["person"], c["month"]) for c in full.claims if c["source"] == source and c["kind"] == "rebilled"}
        sent = {(c["person"], c["month"]) for c in back if c["source"] == returns}
        assert sent
        assert sent <= billed
        assert {(p, m) for p, m in sent if m in MONTHS[:2]} == again
    path = full.file("kita-returns", "2025-05-1")
    first, *_, last = records(path)
    numbers = [claim[0][18] for claim in claims(path)]
    assert (first[0], last[0]) == ("HI", "HG")
    assert all(len(number) == 28 for number in numbers)
    assert {r[9] for claim in claims(path) for r in claim if r[0] == "HR"} == set(numbers)


def test_the_insurer_gets_its_members_claims_with_numbers_and_cards(full: Written) -> None:
    insurer = next(
        t["insurer"] for p in full.people.values() for t in p["tokens"] if t.get("insurer", "").startswith("13803")
    )
    lines = read_csv(full.file("minato-kokuho-med", "2025-05-1"), "cp932")
    kinds = [line[3] for line in lines]
    assert kinds[0] == "MN"
    assert kinds[-1] == "RC"
    assert Counter(kinds)["MN"] == Counter(kinds)["RE"] == Counter(kinds)["SN"] == Counter(kinds)["RC"] > 30
    assert len({line[4] for line in lines if line[3] == "MN"}) == Counter(kinds)["MN"]
    assert {line[6].strip() for line in lines if line[3] == "SN"} == {insurer}
    assert all(line[9] for line in lines if line[3] == "SN")
    hospital = {line[4]: line for line in lines if line[3] == "RE"}
    assert len(hospital) == Counter(kinds)["RE"]


def test_free_text_names_people_who_must_go(full: Written) -> None:
    names = {"".join(name) for person in full.people.values() for name in person["names"]}
    for source, kind in (("aoba-dental", "CO"), ("hinode-pharmacy", "CO"), ("minami-hospital", "SJ")):
        texts = [",".join(r) for month in MONTHS for r in records(full.file(source, f"{month}-1")) if r[0] == kind]
        assert any(name in text for text in texts for name in names), source


def test_senders_write_in_different_styles(full: Written) -> None:
    one, other = (records(full.file("aoba-dental", f"{month}-1")) for month in MONTHS[:2])
    assert {len(record) for record in one if record[0] == "SS"} == {109}
    assert not [record for record in other if record[0] == "SS" and not record[-1]]
    endings = {full.file("aoba-dental", f"{month}-1").read_bytes()[-1:] for month in MONTHS}
    assert endings == {b"\x1a", b"\n"}
    quoted = [b'"8124"' in full.file("fuji-planning", f"{month}-1").read_bytes() for month in MONTHS]
    assert set(quoted) == {True, False}


def test_outpatients_have_their_birth_where_a_discharge_would_be(full: Written) -> None:
    path = full.out / "senders" / "minami-dpc-ef" / "2025-05-1" / "EFg_131888882_2505.txt"
    rows = [line.split("\t") for line in path.read_text("cp932").splitlines()][1:]
    births = {person["birth"] for person in full.people.values()}
    assert rows
    assert {row[2] for row in rows} <= births


def test_asking_for_what_nobody_sends_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="does not write fax"):
        write_world(tmp_path, **ARGUMENTS, also=["fax"])  # type: ignore[arg-type]
    with pytest.raises(SystemExit) as ended:
        main(["--people", "50", "--months", "2025-04", "--also", "fax", "--out", str(tmp_path)])
    assert ended.value.code == 2
    assert "does not write fax" in capsys.readouterr().err
    assert main(["--people", "50", "--months", "2025-04", "--also", "uke-dental", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "senders" / "aoba-dental" / "2025-04-1" / "RECEIPTS.UKE").is_file()
