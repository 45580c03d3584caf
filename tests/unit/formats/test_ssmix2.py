"""SS-MIX2 standard storage: names of files, telling it from other messages, published samples, and no one in what is
kept."""

from __future__ import annotations

import io
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from anonymization.receipt import Applied
from provision.formats import get
from provision.formats.base import BadFile, Report
from provision.formats.documents import DocumentFormat, Named
from provision.formats.recognising import claimants, of_file
from provision.formats.ssmix2 import FORMAT
from provision.intake.deidentify import deidentify
from tests.support import hl7
from tests.support.leaksearch import search

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "ssmix2" / "nhoHQ_DataTestingTool" / "standard_root"
REFERENCE = SAMPLES.parents[3] / "reference" / "field_tables" / "ssmix2_segments.tsv"
NO_SAMPLES = "there are no samples beside this checkout"
HOSPITAL = {"facility": hl7.FACILITY}


def test_it_is_a_format_of_named_documents() -> None:
    assert isinstance(FORMAT, DocumentFormat)
    assert isinstance(FORMAT, Named)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("000/000/0000004711/20250503/OMP-01/0000004711_20250503_OMP-01_000000011000185_20250503224603984_01_1", ""),
        ("0000004711_20250503_OMP-01_000000011000185_20250503224603984_01_0", "ssmix2.deleted"),
        ("a/0000004711_-_ADT-00_999999999999999_20250503224447339_-_2", "ssmix2.old_version"),
        ("a\\0000004711_20250503_OMD_123_20250503224447339_01_2", "ssmix2.old_version"),
        ("0000004711_20250503_OMP-01_1_20250503224603984_01_2.hl7", "ssmix2.old_version"),
        ("result_2.txt", ""),
        ("0000004711_20250503_OMP-01_1_20250503224603984_01_3", ""),
        ("0", ""),
        ("", ""),
    ],
)
def test_deleted_files_and_old_versions_are_passed_over(name: str, rule: str) -> None:
    assert FORMAT.passed_over(name) == rule


@pytest.mark.parametrize("encoding", ["iso2022_jp", "utf-8"])
def test_a_message_that_names_the_profile_is_of_the_storage(encoding: str) -> None:
    data = hl7.message("OUL^R22", encoding=encoding)
    assert list(claimants(data)) == ["ssmix2"]
    assert list(claimants(b"\x0b" + data)) == ["ssmix2"]


@pytest.mark.parametrize(
    "data",
    [
        hl7.message("ADT^A08", profile=""),
        hl7.message("ADT^A08", profile="JP_CORE^X^1.2.392.1^ISO"),
        hl7.message("ADT^A31"),
        hl7.message("ADT^A08").replace(b"|P|2.5|", b"|P|2.4|"),
        hl7.message("ADT^A08") + hl7.message("ADT^A08"),
        b"FHS|^~\\&|HIS\rBHS|^~\\&|HIS\r" + hl7.message("ADT^A08"),
        hl7.message("ADT^A08", encoding="cp932", profile=""),
    ],
)
def test_all_other_messages_are_plain_ones(data: bytes) -> None:
    assert list(claimants(data)) == ["hl7v2"]


@pytest.mark.parametrize(
    "data",
    [
        b"MSH",
        b"MSH|",
        b"MSHA",
        b"MSH|^~\\&|a\r",
        b"MSH|^~\\&|||||||ADT^A08||P|3.0",
        b"\0MSH|^~\\&",
        b"FHS",
        b"FHS|||||",
    ],
)
def test_what_is_no_message(data: bytes) -> None:
    assert claimants(data) == {}


def test_a_storage_without_the_profile_is_what_the_source_says() -> None:
    data = hl7.message("ADT^A08", profile="")
    assert of_file([get("ssmix2")], data).id == "ssmix2"
    assert of_file([get("hl7v2")], data).id == "hl7v2"
    assert of_file([get("ssmix2"), get("hl7v2")], data).id == "hl7v2"
    with pytest.raises(BadFile, match=r"format\.another"):
        of_file([get("ssmix2")], hl7.message("ADT^A31"))


def stored(data: bytes, form: str = "ssmix2") -> dict[str, Any]:
    report, applied, found = Report(), Applied(), {}
    for parcel in get(form).read(io.BytesIO(data), report, HOSPITAL):
        found |= {
            name: frame.rows(named=True)
            for name, frame in deidentify(parcel, get(form).dataset, report, applied).items()
        }
    return found


def test_both_formats_make_the_same_rows() -> None:
    data = hl7.message("RDE^O11", hl7.PV1, "ORC|NW|11000185", "RXE||108665201^薬^HOT9|1")
    assert stored(data) == stored(data, "hl7v2")


#: Words of a message that tell somebody: whatever is not a code.
_WORD = re.compile(r"[^\x00-\x7f]{2,}|[0-9-]{6,}|[A-Z]?[0-9]{4,}")


def _telling(text: str, path: Path) -> set[str]:
    """Names, kana, addresses, telephones and numbers of a message, and the parts of its path."""
    found = {word for part in path.parts[-6:] for word in part.split("_") if len(word) >= 6}
    for line in text.replace("\n", "\r").split("\r"):
        name, *fields = line.split("|")
        places = {"PID": (2, 4, 10, 12, 13), "ORC": (1, 2, 3, 9, 11, 20, 21, 22), "NK1": range(len(fields))}.get(
            name, ()
        )
        texts = [fields[place] for place in places if place < len(fields)]
        texts += [field for field in fields if "^L^" in field or "医師" in field]
        found |= {word for one in texts for word in _WORD.findall(one) if len(word) >= 3}
        found |= {
            fields[4] for _ in [0] if name == "OBX" and fields[1:2] and fields[1] in ("TX", "ST") and len(fields) > 4
        }
    return {word for word in found if len(word.encode()) >= 6}


def _kept_anyway(text: str) -> set[str]:
    """Days stand in paths and in what is kept."""
    return set(re.findall(r"[0-9]{8}", text))


def _no_one_in(tmp_path: Path, number: int, data: bytes, path: Path) -> None:
    out = tmp_path / f"{number}.json"
    out.write_text(repr(stored(data)), encoding="utf-8")
    text = data.decode("iso2022_jp")
    words = _telling(text, path) - _kept_anyway(text)
    assert words
    assert search([out], {("word", word) for word in words}) == []


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=NO_SAMPLES)
def test_the_samples_are_taken_or_refused_as_their_source_says(tmp_path: Path) -> None:
    """Twins on data of our own: `test_every_kind_of_message` and the refusals in test_hl7_rows."""
    ends: Counter[str] = Counter()
    for number, path in enumerate(sorted(p for p in SAMPLES.rglob("*") if p.is_file())):
        data, name = path.read_bytes(), str(path.relative_to(SAMPLES))
        rule = FORMAT.passed_over(name)
        if not rule:
            try:
                _no_one_in(tmp_path, number, data, path)
            except BadFile as error:
                rule = error.rule
        ends[rule] += 1
    assert ends == {"": 19, "ssmix2.deleted": 1, "hl7.messages": 1, "hl7.header": 1}


KINDS = {
    "ADT^A08": ["NK1|1|架空山^次郎^^^^^L^I|SEL|^^^^100-0001^^^架空県架空市|^PRN^PH^^^^^^^^^03-0000-3333", hl7.PV1],
    "ADT^A04": [hl7.PV1],
    "ADT^A60": ["IAM|1|DA|106824501^薬^HOT9|MO|架空山次郎が見た"],
    "PPR^ZD1": ["PRB|AD|20250503|20054174^胃炎^MDCDX2|123456", "ZI1|1||||||||||12345678"],
    "OMD^O03": ["ORC|NW|123456789", "ODS|D||001^^99XY3|塩分控えめ架空山"],
    "RDE^O11": ["ORC|NW|123456789|||||||||110^架空医^一郎^^^^^^^L", "RXE||108665201^薬^HOT9|1"],
    "RAS^O17": ["ORC|NW|123456789", "RXA|0|1|20250503|20250503|620007329^薬^HOT9|1||||200^架空看護^花子^^^^^^^L"],
    "OML^O33": ["SPM|1", "ORC|NW|123456789", "OBR|1|123456789||E002^生化学^99O03"],
    "OUL^R22": ["SPM|1", "OBR|1|123456789||E002^生化学^99O03", "OBX|1|TX|9A100^所見^JC10||架空山花子の所見||||||F"],
    "OMG^O19": ["ORC|NW|123456789", "OBR|1|123456789||9A110^心電図^JC10"],
    "OMI^Z23": ["ORC|NW|123456789", "OBR|1|123456789||9A110^心電図^JC10", "ZE1|1|RS||||架空|D1^架空助産^愛子^^^^^^^L"],
    "ORU^R01": ["OBR|1|123456789||9A110^心電図^JC10", "OBX|1|XCN|DR-02^医師^JSHR||123456^架空医^信吉^^^^^^^L||||||F"],
    "ORU^R30": ["OBR|1|123456789||9A110^心電図^JC10"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_message(tmp_path: Path, kind: str) -> None:
    path = Path("000/000/0000004711/20250503/OMP-01/0000004711_20250503_OMP-01_000000011000185_20250503224603984_01_1")
    data = hl7.message(kind, *KINDS[kind])
    _no_one_in(tmp_path, 0, data, path)
    (row,) = stored(data)["message"]
    assert row["message_type"] == kind.replace("^", "")


@pytest.mark.skipif(not REFERENCE.is_file(), reason="the reference tables are not beside the project")
def test_every_field_of_the_reference_has_its_line() -> None:
    """The table of the national hospital organisation's test tool. The twin, without it, is the count below."""
    known = {(f.record, f.index) for f in FORMAT.editions[0].fields}
    lines = [
        line.split("\t") for line in REFERENCE.read_text("utf-8").splitlines() if not line.startswith(("#", "segment"))
    ]
    assert {(cells[0], int(cells[1])) for cells in lines} <= known


def test_segments_and_their_fields() -> None:
    counted = Counter(f.record for f in FORMAT.editions[0].fields if f.index < 900)
    assert counted == {
        "MSH": 21, "EVN": 7, "PID": 39, "NK1": 39, "PV1": 52, "PV2": 49, "DB1": 8, "OBX": 19, "AL1": 6, "IN1": 53,
        "IAM": 20, "PRB": 25, "ZPR": 7, "ZPD": 2, "ORC": 30, "TQ1": 14, "ODS": 4, "RXE": 44, "RXR": 6, "RXA": 26,
        "RXC": 9, "CTI": 3, "SPM": 29, "OBR": 49, "IPC": 9, "ZE1": 12, "ZE2": 7, "NTE": 4, "ZI1": 24,
    }  # fmt: skip
    assert {f.record for f in get("hl7v2").editions[0].fields} - set(counted) == {"FHS", "BHS", "BTS", "FTS"}
