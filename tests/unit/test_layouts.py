"""Layouts of made-up tables: every mistake is named with file, line, key and remedy, and takes in nothing."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
import yaml

from provision import config
from provision.catalogue import Catalogue
from provision.checking import check_all, layout_problems
from provision.cli import main
from provision.config import ConfigProblem
from provision.errors import FixConfiguration, Refused
from provision.layouts import Layout
from tests.support.madeup import BASE, layout

SHIPPED = Path(__file__).parents[2] / "config"
FILE, DAY = "layouts/kakuu-cohort.yaml", date(2026, 11, 23)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(SHIPPED, tmp_path / "config")
    monkeypatch.setenv("TOKUMEI_CONFIG", str(tmp_path / "config"))
    for kind in ("layouts", "sources"):
        shutil.copytree(SHIPPED / "examples" / kind, tmp_path / "config" / kind, dirs_exist_ok=True)
    (tmp_path / "config" / FILE).write_text(BASE.lstrip(), "utf-8")
    return tmp_path / "config"


def problems(folder: Path) -> list[ConfigProblem]:
    return check_all(folder, DAY)


def test_the_layout_of_the_tests_holds(folder: Path) -> None:
    assert problems(folder) == []
    assert set(config.load_layouts(folder).items) == {"kakuu-cohort", "musashino-questionnaire"}


#: old text, new text, key, what is said, remedy
BROKEN: dict[str, tuple[str, str, str, str, str]] = {
    "an unknown class": ("en: Name, class: direct", "en: Name, class: secret", "columns.1.class", "direct", "correct"),
    "an unknown domain": (
        "domain: date, category: 4}", "domain: day, category: 4}", "columns.7.domain", "unknown domain word", "code:"),
    "an unknown role": ("role: kana", "role: nickname", "columns.2.role", "kana", "correct"),
    "an unknown kind of file": ("kind: delimited", "kind: access", "file", "none of", "correct"),
    "an unknown separator": (
        "kind: delimited", "kind: delimited, separator: blank", "file.separator", "'auto', 'comma'", "correct"),
    "an unknown key": ("facility: ", "facilities: x\nfacility: ", "facilities", "unknown key", "spelling"),
    "a heading twice": ("[カナ]", '["性 別"]', "columns.4.headings", "same heading", "once"),
    "a heading of a test value twice": ("[喫煙]", "[ｈｂａ１ｃ]", "answers.0.headings", "same heading", "once"),
    "no heading": ("[カナ]", "[]", "columns.2.headings", "at least 1", "correct"),
    "a blank heading": ("[カナ]", '["  "]', "columns.2.headings", "blank", "once"),
    "a heading of My Numbers": ("[カナ]", "[マイナンバー]", "columns.2.headings", "My Numbers", "remove the column"),
    "a name twice": ("name: kana,", "name: name,", "columns.2.name", "same name", "once"),
    "a name of ours": ("name: kana,", "name: alias,", "columns.2.name", "name of ours", "another"),
    "a role twice": ("role: kana", "role: name", "columns.2.role", "same role", "once"),
    "a kept class without a domain": (
        "class: quasi, domain: date,", "class: quasi,", "columns.7.domain", "kept and needs a domain", "code:"),
    "a kept free text": (
        "class: free, domain: free", "class: ordinary, domain: free, category: 4", "columns.9.domain", "kept", "code:"),
    "a dropped class with a domain": (
        "en: Name, class: direct", 'en: Name, class: direct, domain: "form:[0-9]{4}"', "columns.1.domain",
        "never kept", "domain none"),
    "births kept as days": ("domain: month", "domain: date", "columns.3.domain", "do not fit", "birth has month"),
    "postal codes kept whole": (
        "class: zip, domain: zip3", 'class: zip, domain: "form:[0-9]{7}"', "columns.5.domain", "do not fit", "zip3"),
    "a postal code as quasi": ("class: zip,", "class: quasi,", "columns.5.domain", "do not fit", "zip has zip3"),
    "a form that admits names": (
        "domain: date, category: 4}", 'domain: "form:.*", category: 4}', "columns.7.domain", "admit names", "closer"),
    "a form that admits names in letters": (
        "domain: date, category: 4}", 'domain: "form:[a-z ]+|[A-Za-z ]+", category: 4}', "columns.7.domain",
        "admit names", "class free"),
    "a form that admits telephones": (
        "domain: date, category: 4}", 'domain: "form:[0-9-]{3,15}", category: 4}', "columns.7.domain",
        "admit", "closer"),
    "a form that looks ahead": (
        "domain: date, category: 4}", 'domain: "form:(?=A)[A-Z]", category: 4}', "columns.7.domain", "looks around",
        "plain groups"),
    "a text with a range": (
        "dtype: integer,", "dtype: string,", "columns.8.domain", "dtype and domain", "numbers have a range"),
    "a range that is none": ("range:0..200", "range:200..0", "columns.8.domain", "unknown domain", "range:"),
    "no category": ("domain: date, category: 4}", "domain: date}", "columns.7.category", "content category", "1-8"),
    "a role of another class": (
        "class: quasi, domain: \"code:sex\", category: 3, role: sex",
        "class: quasi, domain: \"code:sex\", category: 3, role: chart", "columns.4.role", "is not quasi", "use class"),
    "a sex under another name": ("name: sex,", "name: gender,", "columns.4.domain", "is called sex", "call it sex"),
    "a prefecture that is none": (
        'domain: "code:prefecture"', 'domain: "code:relation"', "columns.6.domain", "code:prefecture", "this domain"),
    "a code list nobody has": (
        'dtype: integer,\n     domain: "range:0..200"', 'domain: "code:job"', "columns.8.domain", "no such code list",
        "config/codes/job.tsv"),
    "a word for no code": (
        'domain: "code:sex"', 'values: {男性: "7"}, domain: "code:sex"', "columns.4.values",
        "no code of sex", "sex.tsv"),
    "an item nobody has": ("item: hba1c", "item: hba9c", "test_values.0.item", "no code of test_item", "test_item"),
    "an item and a code": (
        "item: hba1c", "item: hba1c, code: 3D046000001906202, system: jlac10", "test_values.0", "both", "write item"),
    "neither item nor code": ("item: hba1c, ", "", "test_values.0", "neither", "write item"),
    "a unit nobody has": ('unit: "%"', "unit: percent", "test_values.0.unit", "no code of test_unit", "test_unit"),
    "a result that is none": ("(±)\": trace", "(±)\": perhaps", "test_values.1.values", "no result code", "neg, trace"),
    "an answer that is none": ('はい: "1"', "はい: maybe", "answers.1.values", "no answer code", "true, false"),
    "a question twice": ("9N781000000000011", "9N736000000000011", "answers.1.question", "same question", "once"),
    "a day of no column": ("observed: visited", "observed: cigarettes", "observed", "domain date", "columns"),
    "charts of nobody": ("facility: kakuu-institute\n", "", "columns", "who gave it out", "facility"),
    "a column nobody confirmed": (
        "headings: [カナ]", "confirm: required, headings: [カナ]", "columns.2.confirm",
        "nobody has confirmed", "remove"),
    "an id of the program": ("id: kakuu-cohort", "id: medical-claims", "id", "of the program", "another id"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_mistake_is_named_with_line_key_and_remedy(folder: Path, case: str) -> None:
    old, new, key, what, remedy = BROKEN[case]
    text = BASE.lstrip()
    assert text.count(old) >= 1, case
    spoilt = text.replace(old, new, 1)
    name = yaml.safe_load(spoilt)["id"]
    (folder / FILE).unlink()
    (folder / f"layouts/{name}.yaml").write_text(spoilt, "utf-8")
    (found,) = problems(folder)
    assert (found.file, found.key) == (f"config/layouts/{name}.yaml", key)
    assert what in found.what
    assert remedy in found.remedy
    place = text[: text.index(old)].count("\n") + 1
    top = key.split(".")[0]
    assert abs(found.line - place) <= 3 or spoilt.splitlines()[found.line - 1].startswith(f"{top}:")


def test_several_mistakes_are_all_named(folder: Path) -> None:
    text = BASE.lstrip().replace("class: direct, role: kana", "class: secret").replace("item: hba1c", "item: [1]")
    (folder / FILE).write_text(text, "utf-8")
    assert {p.key for p in problems(folder)} >= {"columns.2.class", "test_values.0.item"}


def test_a_broken_layout_is_no_format_and_no_dataset(folder: Path) -> None:
    """What nobody has confirmed takes in nothing, and the sources that name it say why they cannot."""
    (folder / FILE).write_text(BASE.lstrip().replace("[カナ]", "[カナ], confirm: required"), "utf-8")
    source = folder / "sources/musashino-institute.yaml"
    source.write_text(source.read_text("utf-8").replace("table:musashino-questionnaire", "table:kakuu-cohort"), "utf-8")
    found = {p.file: p for p in problems(folder)}
    assert "no such format" in found["config/sources/musashino-institute.yaml"].what
    assert "layouts/kakuu-cohort.yaml" in found["config/sources/musashino-institute.yaml"].remedy
    catalogue = Catalogue(config.load_layouts(folder).items)
    with pytest.raises(FixConfiguration, match="no format table:kakuu-cohort"):
        catalogue.of_source(config.load_sources(folder).items["musashino-institute"])
    with pytest.raises(Refused, match="no format fills"):
        catalogue.dataset("kakuu-cohort")


def test_a_platform_without_layouts_needs_no_folder(folder: Path) -> None:
    shutil.rmtree(folder / "layouts")
    (folder / "sources/musashino-institute.yaml").unlink()
    assert problems(folder) == []


def test_a_plan_may_ask_for_a_layouts_dataset(folder: Path) -> None:
    for name in ("recipients/midori-foundation", "releases/checkups-for-foundation"):
        path = folder / f"{name}.yaml"
        path.write_text(path.read_text("utf-8").replace("member-ledger", "kakuu-cohort"), "utf-8")
    found = [p for p in problems(folder) if "no format fills" in p.what]
    assert found == []
    assert any("no table member" in p.what for p in problems(folder))


def test_formats_and_datasets_list_layouts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["formats", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["table:kakuu-cohort"]
    assert said == {"ja": "架空コホート", "en": "Fictitious cohort"}
    assert main(["datasets", "--json"]) == 0
    (own,) = [d for d in json.loads(capsys.readouterr().out) if d["id"] == "kakuu-cohort"]
    assert [t["name"] for t in own["tables"]] == ["visit", "test_value", "answer"]
    assert main(["formats", "table:kakuu-cohort", "--coverage", "--json"]) == 0
    (said,) = json.loads(capsys.readouterr().out)["formats"]
    assert len(said["fields"]) == 14
    kept = {f["place"]: f["happens"] for f in said["fields"]}
    assert kept["visit.birth_month"] == "cut to the month"
    assert kept["test_value.value_number"] == kept["answer.answer_code"] == "kept after its domain was checked"


def test_the_schema_accepts_what_holds(folder: Path, tmp_path: Path) -> None:
    assert main(["config", "schema", "--out", str(tmp_path / "schemas")]) == 0
    schema = json.loads((tmp_path / "schemas/layout.schema.json").read_text("utf-8"))
    for path in sorted((folder / "layouts").glob("*.yaml")):
        jsonschema.validate(yaml.safe_load(path.read_text("utf-8")), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**yaml.safe_load(BASE), "columns": []}, schema)


def test_layouts_are_frozen() -> None:
    made = layout()
    assert isinstance(made, Layout)
    with pytest.raises(ValueError, match="frozen"):
        made.title = made.head  # type: ignore[misc]


def test_the_words_are_those_of_the_field_tables() -> None:
    """Configuration is read without loading what reads files, so classes and names stand in two places."""
    from provision import layoutrules, layouts
    from provision.formats import tables
    from provision.formats.base import PEOPLE_COLUMNS, ColumnClass

    assert set(get_args(layouts.ClassWord)) == {str(cls) for cls in ColumnClass}
    assert {str(cls) for cls in tables.DROPPED} == layoutrules.DROPPED
    assert set(get_args(layouts.RoleWord)) == {*PEOPLE_COLUMNS[1:], "claim"} == set(layoutrules.OF_ROLE)
    assert tables.RESERVED_NAMES | tables.NUMBER_NAMES <= layoutrules.NEVER


def test_the_layout_of_the_data_teams_page_holds(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/data-team.md").read_text("utf-8")
    (block,) = [each for each in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "id: kakuu-survey" in each]
    path = tmp_path / "kakuu-survey.yaml"
    path.write_text(block, "utf-8")
    made, problems = config.load_file(path, Layout)
    assert problems == []
    assert made is not None
    assert list(layout_problems(path, made)) == []
