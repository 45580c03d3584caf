"""`tokumei sources propose`: a draft of a layout that holds no value of the file and holds for nobody yet."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from provision import config
from provision.checking import check_all
from provision.cli import main
from provision.errors import Refused
from provision.layouts import Layout
from provision.proposing import propose
from tests.support.madeup import FILES, HEADER, NEEDLES, ROWS, read, text, workbook
from tests.unit.formats.test_mynumbers import NUMBERS, with_column

KINDS = sorted(FILES)


@pytest.fixture
def draft(tmp_path: Path) -> Any:
    """The draft of a file of these bytes."""

    def made(data: bytes, **options: Any) -> str:
        path = tmp_path / "架空山.dat"
        path.write_bytes(data)
        return propose(path, "new-table", **options)

    return made


def confirmed(said: str) -> Layout:
    """The draft as a person would leave it who changes nothing."""
    plain = said.replace("    confirm: required\n", "").replace('facility: ""', "facility: kakuu")
    return Layout.model_validate(yaml.load(plain, Loader=config.StrictLoader))


@pytest.mark.parametrize("kind", KINDS)
def test_guesses_by_heading_and_shape(draft: Any, kind: str) -> None:
    layout = confirmed(draft(FILES[kind](ROWS * 5)))
    found = {column.headings[0]: column for column in layout.columns}
    assert (found["氏 名"].cls, found["氏 名"].role) == ("direct", "name")
    assert (found["生年月日"].cls, found["生年月日"].domain) == ("birth", "month")
    assert (found["性別"].cls, found["性別"].domain) == ("quasi", "code:sex")
    assert (found["郵便番号"].cls, found["受診日"].domain) == ("zip", "date")
    assert {found[heading].cls for heading in ("本数", "喫煙", "朝食", "研究ＩＤ")} == {"direct"}
    assert (found["備考"].cls, found["担当者"].cls) == ("free", "provider_name")
    assert [value.item for value in layout.test_values] == ["hba1c"]
    assert layout.file.kind == kind
    assert all(heading in found or heading == "HbA1c (NGSP)" for heading in HEADER)


@pytest.mark.parametrize("kind", KINDS)
def test_the_reasons_are_words(draft: Any, kind: str) -> None:
    said = draft(FILES[kind](ROWS * 5))
    assert "known heading; dates; every cell is filled" in said
    assert "nobody knows the heading; whole numbers of 1 to 2 digits; most cells are filled" in said
    assert [needle for needle in NEEDLES if needle in said] == []


def test_what_is_not_what_its_heading_says_is_direct(draft: Any) -> None:
    rows = [["架空 太郎", "わからない", "六十歳"]] * 3
    said = yaml.safe_load(draft(text(rows, ["性別", "年齢", "身長"], encoding="utf-8")))
    assert {column["class"] for column in said["columns"]} == {"direct"}
    assert "test_values" not in said


def test_a_personal_word_in_a_heading_is_enough(draft: Any) -> None:
    header = ["性別", "保護者の氏名2", "Patient comment", "通院歴"]
    said = yaml.safe_load(draft(text([["男", "1", "2", "3"]] * 4, header, encoding="utf-8")))
    assert [column["class"] for column in said["columns"]] == ["quasi", "direct", "direct", "direct"]


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_can_use_the_draft_unconfirmed(draft: Any, kind: str, tmp_path: Path, monkeypatch: Any) -> None:
    folder = tmp_path / "config"
    (folder / "layouts").mkdir(parents=True)
    monkeypatch.setenv("TOKUMEI_CONFIG", str(folder))
    path = folder / "layouts/new-table.yaml"
    path.write_text(draft(FILES[kind]()), "utf-8")
    found = [p for p in check_all(folder) if p.file.endswith("new-table.yaml")]
    assert len(found) == len(HEADER)
    assert {p.what for p in found} == {"nobody has confirmed this column yet"}
    lines = path.read_text("utf-8").splitlines()
    assert all("confirm: required" in lines[p.line - 1] for p in found)
    assert config.load_layouts(folder).items == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_confirmed_draft_reads_the_file(draft: Any, kind: str) -> None:
    from provision.formats.configured import ConfiguredTable

    data = FILES[kind]()
    parcels, report = read(ConfiguredTable(confirmed(draft(data))), data)
    assert sum(p.records for p in parcels) == 3
    assert report.warnings == {}


# -- nothing of the file ----------------------------------------------------------------------------------------------

#: Cells of every shape; none of them a word that the draft itself has.
CELL = st.one_of(
    st.text(alphabet="架空山川髙子花太郎一二", min_size=3, max_size=8),
    st.text(alphabet="アイウエオカキクガパー ", min_size=3, max_size=8),
    st.integers(1000, 10**14).map(str),
    st.from_regex(r"\A[XYZQ]{3}[0-9]{3,6}\Z"),
    st.dates().map(lambda day: day.isoformat()),
    st.decimals(100, 99999, places=2).map(str),
    st.sampled_from(["男", "女", "", "-", "090-1234-5678", "taro@kakuu.example"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELL, min_size=5, max_size=5), min_size=1, max_size=12), st.sampled_from(KINDS))
def test_no_cell_stands_in_the_draft(rows: list[list[str]], kind: str) -> None:
    header = ["氏名", "性別", "生年月日", "整理", "HbA1c"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(FILES[kind](rows, header) if kind != "delimited" else text(rows, header, encoding="utf-8"))
        try:
            said = propose(path, "new-table")
        except Refused as error:
            said = str(error)
    assert [cell for row in rows for cell in row if len(cell) >= 3 and cell in said] == []


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=3, max_size=12))
def test_other_cells_of_the_same_shapes_give_the_same_draft(rows: list[list[str]]) -> None:
    """Nothing of a cell but its shape goes into the draft."""
    turned = str.maketrans("架空山川髙子アイウエオXYZQ", "空架川山子髙イアエウカYZQX")
    numbers = str.maketrans("23456789", "98765432")  # years stay years, and days days
    plain = [[cell if "-" in cell or "." in cell or cell.isdigit() else cell.translate(turned).translate(numbers)
              for cell in row] for row in rows]  # fmt: skip
    drafts = []
    for made in (rows, plain):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file"
            path.write_bytes(text(made, ["氏名", "整理", "備考"], encoding="utf-8"))
            try:
                drafts.append(propose(path, "new-table"))
            except Refused as error:
                drafts.append(error.rule or "")
    assert drafts[0] == drafts[1]


DATA_FIRST = {
    "a person": ["架空 太郎", "カクウ タロウ", "男"],
    "a birth date": ["氏名", "1950-03-04", "性別"],
    "a number": ["氏名", "12345", "性別"],
    "an era date": ["氏名", "S25.3.4", "性別"],
    "a telephone": ["氏名", "090-1111-2222", "性別"],
    "an e-mail address": ["氏名", "taro@kakuu.example", "性別"],
    "unknown words": ["あれ", "これ", "それ"],
}


@pytest.mark.parametrize("case", DATA_FIRST)
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_without_headings_gives_no_draft(draft: Any, case: str, kind: str) -> None:
    header = DATA_FIRST[case]
    with pytest.raises(Refused) as caught:
        draft(FILES[kind]([["架空 花子", "x", "女"]], header))
    assert caught.value.rule == "propose.header"
    assert [cell for cell in header if cell in str(caught.value)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_with_my_numbers_gives_no_draft(draft: Any, kind: str) -> None:
    for rows, header in (with_column(NUMBERS), with_column([1, 2], "個人番号"), with_column(["個人番号", "x"])):
        with pytest.raises(Refused) as caught:
            draft(FILES[kind](rows, header))
        assert caught.value.rule == "my_number"


def test_sheet_and_header_row(draft: Any) -> None:
    book = workbook([HEADER, *ROWS], ["表題"], also={"控え": [["a"]]})
    said = yaml.safe_load(draft(book, sheet="調査", header_row=2))
    assert said["file"] == {"kind": "excel", "sheet": "調査", "header_row": 2}
    with pytest.raises(Refused) as caught:
        draft(book)
    assert caught.value.rule == "excel.sheet"


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(text())
    assert main(["sources", "propose", str(path), "--id", "kakuu-survey"]) == 0
    assert yaml.safe_load(capsys.readouterr().out)["id"] == "kakuu-survey"
    path.write_bytes(text(header=[*HEADER[:-1], "マイナンバー"]))
    assert main(["sources", "propose", str(path)]) == 6
    assert main(["sources", "propose", str(tmp_path / "none.csv")]) == 6
    assert main(["sources", "propose", str(path), "--id", "No"]) == 5
    assert main(["sources", "propose", str(path), "--header-row", "0"]) == 5
    said = capsys.readouterr()
    assert "--id: it is no id" in said.err
    assert "--header-row: there is no such row" in said.err
    assert said.out == ""
    assert [needle for needle in (*NEEDLES, "a.csv") if needle in said.err] == []
