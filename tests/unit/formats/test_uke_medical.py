"""Medical claims: what is read, what is refused, and that a refusal never shows what it refused."""

from __future__ import annotations

import io
import re
import time
import traceback
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.receipt import Applied
from provision.formats import uke_medical
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Parcel, Report
from provision.formats.uke_medical import FORMAT
from provision.identity import identities
from provision.intake.deidentify import deidentify
from provision.sampledata import write_world
from provision.vault import Vault
from tests.support.uke import CHART, IR, KANA, NAME, Claim, encoded, file, lines

SAMPLE = Path(__file__).parents[4] / "shared" / "samples" / "uke" / "receiptisan" / "RECEIPTC_GAIRAI_SAMPLE.UKE"
PLANTED = (NAME, NAME.split("　")[0], KANA, CHART)


def read(data: bytes) -> tuple[dict[str, pl.DataFrame], pl.DataFrame, Report]:
    """All tables of a file in one piece each, its people, and the report."""
    report = Report()
    parcels = list(FORMAT.read(io.BytesIO(data), report, {}))
    return joined(parcels), pl.concat([p.people for p in parcels]), report


def joined(parcels: list[Parcel]) -> dict[str, pl.DataFrame]:
    names = {name for parcel in parcels for name in parcel.tables}
    return {name: pl.concat([p.tables[name] for p in parcels if name in p.tables]) for name in sorted(names)}


def stored(data: bytes) -> tuple[dict[str, pl.DataFrame], Report]:
    """What would enter the store."""
    report, applied = Report(), Applied()
    made: dict[str, list[pl.DataFrame]] = {}
    for parcel in FORMAT.read(io.BytesIO(data), report, {}):
        for name, frame in deidentify(parcel, FORMAT.dataset, report, applied).items():
            made.setdefault(name, []).append(frame)
    return {name: pl.concat(frames) for name, frames in made.items()}, report


def refused(data: bytes | io.RawIOBase) -> BadFile:
    """The refusal of `data`; nothing planted may be in it or behind it."""
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    with pytest.raises(BadFile) as caught:
        list(FORMAT.read(stream, Report(), {}))  # type: ignore[arg-type]
    error = caught.value
    shown = str(error) + repr(error) + "".join(traceback.format_exception(error)) + repr(vars(error))
    assert not [text for text in PLANTED if text in shown]
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    assert error.remedy
    return error


def collisions(people: pl.DataFrame, folder: Path) -> int:
    vault = Vault(folder / "vault.db")
    vault.aliases("s", identities(people, b"k" * 32, "s"))
    return vault.people("s")[1].collisions["health_birth"]


# what is read


def test_the_published_sample(tmp_path: Path) -> None:
    if not SAMPLE.is_file():
        pytest.skip("the published sample is not beside the project")
    found, people, report = read(SAMPLE.read_bytes())
    assert (report.records, report.people, people.height) == (636, 75, 75)
    assert report.totals == {"payers": 140, "points": 86_392}
    sizes = {name: frame.height for name, frame in found.items()}
    assert sizes == {
        "claim": 75, "insurance": 69, "public_expense": 71, "eligibility": 2, "diagnosis": 9, "service": 320,
        "drug": 32, "comment": 56, "control_total": 1,
    }  # fmt: skip
    assert found["claim"]["service_month"].null_count() == 0
    assert collisions(people, tmp_path) == 3


@pytest.mark.parametrize("month", ["2021-08", "2025-05"], ids=["era dates", "Gregorian dates"])
def test_our_own_world_reads_as_it_was_written(tmp_path: Path, month: str) -> None:
    write_world(tmp_path, seed=3, people=300, months=[month])
    data = (tmp_path / "senders" / "kita-hospital" / f"{month}-1" / "RECEIPTC.UKE").read_bytes()
    found, people, report = read(data)
    records = [line.split(",") for line in data.decode("cp932").rstrip("\x1a").split("\r\n") if line]
    kinds = Counter(record[0] for record in records)
    assert report.records == len(records)
    assert {name: found[table].height for name, table in _TABLES.items() if table in found} == {
        name: kinds[name] for name in _TABLES if kinds[name]
    }
    go = records[-1]
    assert report.totals == {"payers": int(go[1]), "points": int(go[2])}
    heads = [record for record in records if record[0] == "RE"]
    assert people["name"].to_list() == [head[4] for head in heads]
    births = ["".join(map(str, _gregorian(head[6]))) for head in heads]
    assert people["birth"].to_list() == births
    safe, _ = stored(data)
    assert safe["claim"]["birth_month"].to_list() == [f"{b[:4]}-{b[4:6]}" for b in births]
    assert set(safe["claim"]["service_month"]) == {month}


_TABLES = {
    "RE": "claim", "HO": "insurance", "KO": "public_expense", "SN": "eligibility", "JD": "visit_days",
    "SY": "diagnosis", "SI": "service", "IY": "drug", "TO": "material", "CO": "comment",
    "SJ": "symptom_note", "GO": "control_total",
}  # fmt: skip


def _gregorian(text: str) -> tuple[str, str]:
    """Independent of the reader: year and rest of a date of 7 or 8 digits."""
    if len(text) == 8:
        return text[:4], text[4:]
    return str({"1": 1867, "2": 1911, "3": 1925, "4": 1988, "5": 2018}[text[0]] + int(text[1:3])), text[3:]


@pytest.mark.parametrize(
    ("birth", "expected"),
    [("3310203", "1956-02"), ("19560203", "1956-02"), ("1450730", "1912-07"), ("5010501", "2019-05"),
     ("4310601", "2019-06"), ("3311303", None), ("", None), ("195602", None)],
)  # fmt: skip
def test_dates_are_told_apart_by_length(birth: str, expected: str | None) -> None:
    found, _ = stored(file(Claim(birth=birth, month="50705" if len(birth) == 7 else "202505")))
    assert found["claim"]["birth_month"].to_list() == [expected]
    assert found["claim"]["service_month"].to_list() == ["2025-05"]


def test_one_claim_alone_is_a_file() -> None:
    found, people, report = read(file())
    assert tuple(people.columns) == PEOPLE_COLUMNS
    assert (report.records, report.people) == (4, 1)
    assert found["claim"].select("facility_prefecture", "facility_code").row(0) == ("13", "1234567")
    person = people.row(0, named=True)
    assert (person["name"], person["kana"], person["chart"]) == (NAME, KANA, CHART)
    assert (person["insurer"], person["number"], person["facility"]) == ("06132013", "４５６", "1311234567")


def test_the_files_totals_belong_to_no_claim() -> None:
    found, _, _ = read(file(Claim(), Claim()))
    assert found["control_total"]["claim_no"].to_list() == [None]


@pytest.mark.parametrize("tail", [b"", b"\x1a", b"\x1a\x1a", b"\r\n\x1a", b"\r\n\r\n"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_the_end_mark_may_be_there_or_not(end: str, tail: bytes) -> None:
    plain, _, _ = read(file(Claim(), Claim(points=50)))
    found, _, report = read(encoded(lines(Claim(), Claim(points=50)), end=end, tail=tail))
    assert report.records == 6
    assert all(found[name].equals(plain[name]) for name in plain)


def test_the_end_mark_may_stand_on_the_last_record() -> None:
    assert read(file().removesuffix(b"\r\n\x1a") + b"\x1a")[2].totals == {"payers": 1, "points": 100}


def test_several_volumes_are_reconciled_one_by_one() -> None:
    other = IR.replace("1234567", "7654321")
    data = file(Claim()) + encoded(lines(Claim(points=7), Claim(points=8), ir=other))
    found, people, report = read(data)
    assert found["claim"]["facility_code"].to_list() == ["1234567", "7654321", "7654321"]
    assert people["claim_no"].to_list() == [0, 1, 2]
    assert report.totals == {"payers": 3, "points": 115}
    wrong = encoded(lines(Claim(points=7), Claim(points=8), ir=other, go="GO,2,16,99"))
    assert refused(file(Claim()) + wrong).field == "GO.points"


def test_a_blank_category_continues_over_kinds_of_record() -> None:
    body = (
        "SI,21,1,1,,,1",
        "IY,,1,2,1,5,1",
        "TO,,1,3,1,,1",
        "CO,,1,810000001,あ",
        "SI,60,1,4,,5,1",
        "CO,,1,810000001,い",
    )
    found, _, _ = read(file(Claim(body=body), Claim(body=("IY,27,1,2,1,5,1",))))
    assert found["service"].select("service_category", "group_no").rows() == [("21", 1), ("60", 2)]
    assert found["drug"].select("claim_no", "service_category", "group_no").rows() == [(0, "21", 1), (1, "27", 1)]
    assert found["material"]["service_category"].to_list() == ["21"]
    assert found["comment"].select("service_category", "group_no").rows() == [("21", 1), ("60", 2)]
    assert "comment_text" not in found["comment"].columns


def test_filled_reserved_columns_are_counted_and_gone() -> None:
    found, report = stored(file(Claim(reserved=NAME), Claim(reserved="　"), Claim(reserved=KANA)))
    assert report.warnings == {"reserved_filled:RE.15": 2}
    assert "reserved_1" not in found["claim"].columns
    assert not [text for text in PLANTED if text in str([frame.rows() for frame in found.values()])]


def test_nothing_direct_is_left_of_a_full_file() -> None:
    body = (
        f"SY,0000999,20250501,1,,{NAME},01,{NAME}",
        f"CO,21,1,810000001,{NAME}様",
        f"SJ,01,{NAME}",
        f"SI,,1,{NAME},,,1",
    )
    found, report = stored(file(Claim(body=body, search="2" * 28)))
    assert not [text for text in PLANTED if text in str([frame.rows() for frame in found.values()])]
    assert report.warnings["outside_domain:service.procedure_code"] == 1


@pytest.mark.parametrize(
    ("insurer", "failing"),
    [
        ("01130012", 0),
        ("06132013", 0),
        ("19136019", 0),
        ("  138057", 0),
        ("00138057", 0),
        ("83136019", 1),
        ("67999991", 1),
    ],
)
def test_a_failing_check_digit_warns_and_never_blocks(insurer: str, failing: int) -> None:
    _, people, report = read(file(Claim(insurer=insurer), Claim()))
    assert report.warnings == ({"check_digit:insurer": 1} if failing else {})
    assert people["insurer"].to_list() == [insurer.strip().removeprefix("00"), "06132013"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two volumes of some twenty claims each, with admissions, public payers and filled reserves."""
    out = tmp_path_factory.mktemp("small")
    write_world(out, seed=11, people=60, months=["2025-05", "2025-06"], sins=True)
    drops = sorted((out / "senders" / "kita-hospital").glob("*-1/RECEIPTC.UKE"))
    return b"".join(path.read_bytes() for path in drops)


@settings(max_examples=12, deadline=None)
@given(size=st.integers(min_value=1, max_value=30_000))
def test_the_size_of_a_chunk_changes_nothing(small: bytes, size: int) -> None:
    whole, people, report = read(small)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uke_medical, "CHUNK", max(size, _longest_claim(small)))
        pieces, same_people, same = read(small)
    assert people.equals(same_people)
    assert same == report
    assert {name: frame.equals(pieces[name]) for name, frame in whole.items()} == dict.fromkeys(whole, True)


def _longest_claim(data: bytes) -> int:
    return max(len(piece) for piece in re.split(rb"\nRE,", data)) + 8


@settings(max_examples=15, deadline=None)
@given(
    size=st.integers(300, 3000),
    where=st.integers(0, 11),
    what=st.sampled_from(["", "SI,XX,1,1", "ZZ,1", 'CO,21,1,1,"']),
)
def test_the_size_of_a_chunk_changes_no_refusal(size: int, where: int, what: str) -> None:
    records = lines(*[Claim() for _ in range(5)])
    records.insert(where + 1 if where < 11 else len(records) - 1, what)
    data = encoded(records)
    whole = refused(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uke_medical, "CHUNK", size)
        piecewise = refused(data)
    assert (piecewise.rule, piecewise.record, piecewise.field) == (whole.rule, whole.record, whole.field)


# what is refused


def records_but(*changes: tuple[int, str]) -> bytes:
    """A file of two claims (IR RE HO RE HO GO) with records put in other ones' places."""
    found = lines(Claim(), Claim())
    for place, record in changes:
        found[place] = record
    return encoded([record for record in found if record != "-"])


KAIGO = '1,1,0,1,711,0,0,1370400012,00,1,202402,0\r\n2,2,"7111","202401"\r\n3,3\r\n'
MEMBERS = f"氏名,カナ,生年月日\r\n{NAME},{KANA},S31.2.3\r\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + bytes(range(256))
ZIP = b"PK\x03\x04\x14\0\0\0\x08\0" + bytes(range(256))
PLAIN = lines(Claim(), Claim())
#: A month of claim whose edition is known, so that there can be no new columns.
KNOWN = (0, IR.replace("202506", "202303"))

BROKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "uke.empty"),
    "0x1A alone": (lambda: b"\x1a", "uke.empty"),
    "line ends alone": (lambda: b"\r\n\r\n\x1a", "uke.empty"),
    "no claims": (lambda: encoded([IR, "GO,0,0,99"]), "uke.empty"),
    "IR alone": (lambda: encoded([IR]), "uke.no_go"),
    "cut off between claims": (lambda: encoded(PLAIN[:3], tail=b""), "uke.no_go"),
    "cut off in a number": (lambda: file()[:-7], "uke.totals"),
    "cut off in a character": (lambda: file()[: file().index("山".encode("cp932")) + 1], "uke.no_payer"),
    "a byte lost in a character": (lambda: file().replace("コ,".encode("cp932"), b"\x83,"), "text.undecodable"),
    "UTF-8": (lambda: encoded(PLAIN, encoding="utf-8"), "uke.encoding"),
    "UTF-8 with BOM": (lambda: encoded(PLAIN, encoding="utf-8-sig"), "uke.encoding"),
    "UTF-16 with BOM": (lambda: "\r\n".join(PLAIN).encode("utf-16"), "uke.encoding"),
    "UTF-16 without BOM": (lambda: "\r\n".join(PLAIN).encode("utf-16-le"), "uke.not_text"),
    "EUC-JP": (lambda: encoded(PLAIN, encoding="euc_jp"), "uke.encoding"),
    "ISO-2022-JP": (lambda: encoded([r.replace("・", "") for r in PLAIN], encoding="iso2022_jp"), "uke.encoding"),
    "PNG": (lambda: PNG, "uke.not_text"),
    "zip": (lambda: ZIP, "uke.not_text"),
    "nursing-care claims": (lambda: KAIGO.encode("cp932"), "uke.unknown_record"),
    "member ledger": (lambda: MEMBERS.encode("cp932"), "uke.unknown_record"),
    "quotes": (lambda: records_but((1, PLAIN[1].replace(NAME, f'"{NAME}"'))), "uke.quote"),
    "too few columns in RE": (lambda: records_but((1, f"RE,1,1112,202505,{NAME}")), "uke.too_few_columns"),
    "too few columns in HO": (lambda: records_but((2, "HO,06132013,１,２")), "uke.too_few_columns"),
    "bytes lost in the header": (lambda: file().replace("院".encode("cp932"), b"\x83"), "text.undecodable"),
    "no month of the claim": (lambda: records_but((0, IR.replace("202506", "2025"))), "uke.claim_month"),
    "too many columns in RE": (lambda: records_but(KNOWN, (1, PLAIN[1] + f",{NAME}")), "uke.too_many_columns"),
    "far too many columns in RE": (lambda: records_but((1, PLAIN[1] + 21 * f",{NAME}")), "uke.too_many_columns"),
    "a comma in a text": (lambda: records_but(KNOWN, (4, PLAIN[4] + ",")), "uke.too_many_columns"),
    "300 columns": (lambda: records_but((4, PLAIN[4] + "," * 256)), "uke.too_many_columns"),
    "unknown record": (lambda: records_but((4, f"XX,{NAME}")), "uke.unknown_record"),
    "blank line": (lambda: records_but((3, "")), "uke.unknown_record"),
    "record kind in lower case": (lambda: records_but((1, PLAIN[1].lower())), "uke.unknown_record"),
    "count wrong": (lambda: records_but((5, "GO,3,200,99")), "uke.totals"),
    "points wrong": (lambda: records_but((5, "GO,2,201,99")), "uke.totals"),
    "a claim lost": (lambda: records_but((3, "-"), (4, "-")), "uke.totals"),
    "an RE lost": (lambda: records_but((3, "-"), (4, "HO,06132013,１,２,1,0")), "uke.order"),
    "GO in the middle": (lambda: records_but((3, "GO,1,100,99")), "uke.order"),
    "IR in the middle": (lambda: records_but((3, IR)), "uke.order"),
    "claim before IR": (lambda: records_but((0, PLAIN[1]), (1, IR)), "uke.no_ir"),
    "HO before RE": (lambda: records_but((1, PLAIN[2]), (2, PLAIN[1])), "uke.order"),
    "claim without HO and KO": (lambda: encoded(lines(Claim(payer=False), go="GO,0,0,99")), "uke.no_payer"),
    "points that are no number": (lambda: records_but((2, f"HO,06132013,１,２,1,{NAME}")), "uke.number"),
    "points in full width": (lambda: records_but((2, "HO,06132013,１,２,1,１００")), "uke.number"),
    "a number too long": (lambda: records_but((2, "HO,06132013,１,２,1," + "9" * 40)), "uke.number"),
    "blank category first": (lambda: file(Claim(), Claim(body=("SI,,1,1,,,1",))), "uke.category"),
    "category of letters": (lambda: file(Claim(body=(f"SI,{NAME},1,1,,,1",))), "uke.category"),
    "Mac line ends": (lambda: encoded(PLAIN, end="\r"), "uke.too_many_columns"),
    "a line of 100 KB": (lambda: records_but((4, "CO,21,1,810000001," + "あ" * 50_000)), "uke.line_too_long"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_are_refused_without_a_value(case: str) -> None:
    make, rule = BROKEN[case]
    assert refused(make()).rule == rule


def test_the_place_of_a_fault_is_named() -> None:
    error = refused(records_but((4, f"HO,06132013,１,２,1,{NAME}")))
    assert (error.record, error.field) == (5, "points")
    assert refused(records_but((3, "XX,1"))).record == 4
    assert refused(file(Claim(), Claim(payer=False), Claim())).record == 4


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(file(Claim(), Claim())) - 10))
def test_no_beginning_of_a_file_is_taken(length: int) -> None:
    assert refused(file(Claim(), Claim())[:length])


class _Lazy(io.RawIOBase):
    """A good beginning, then one line that never ends; counts what is read of it."""

    def __init__(self, start: bytes, size: int) -> None:
        self.start, self.left, self.given = start, size, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block, self.start = (self.start + b"\x82\xa0" * (size // 2))[:size], b""
        block = block[: self.left]
        self.left, self.given = self.left - len(block), self.given + len(block)
        return block


@pytest.mark.parametrize("start", [b"", file()[:200], file(Claim(), Claim())[:-60] + b"SJ,01,"])
def test_a_line_of_ten_gigabytes_is_not_read(start: bytes) -> None:
    stream = _Lazy(start, 10 * 2**30)
    tracemalloc.start()
    began = time.monotonic()
    assert refused(stream).rule in {"uke.line_too_long", "uke.claim_too_long"}
    assert stream.given <= 2 * uke_medical.CHUNK
    assert tracemalloc.get_traced_memory()[1] < 8 * uke_medical.CHUNK
    tracemalloc.stop()
    assert time.monotonic() - began < 10


def test_a_claim_without_end_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uke_medical, "CHUNK", 20_000)
    error = refused(file(Claim(body=("SJ,01,あ",) * 10_000)))
    assert error.rule == "uke.claim_too_long"
