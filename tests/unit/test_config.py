"""Configuration: every mistake is named with file, line, key and remedy, and one broken file hides no other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from provision import cli, config
from provision.checking import check_all
from provision.config import ConfigProblem
from provision.layouts import Layout
from provision.model import Noun, Plan, Platform, Profile, Recipient, Source

SHIPPED = Path(__file__).parents[2] / "config"
DAY = date(2026, 11, 23)
PLAN, RECIPIENT = "releases/claims-for-university.yaml", "recipients/tsukishima-university.yaml"
SOURCE, PROFILE = "sources/kita-hospital.yaml", "profiles/operator-policy.yaml"
STRICT = "profiles/strict-appi.yaml"
DELETED = "maximum_suppression: 0.3\nrules:\n  - {rule: drop-column, columns: {column: claim_type}, law: 規則34条}"


class Folder:
    """A copy of the shipped configuration, to be spoilt."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def spoil(self, file: str, old: str, new: str) -> int:
        """Replace the one place `old`; gives the line at which `new` begins."""
        text = (self.path / file).read_text("utf-8")
        assert text.count(old) == 1, f"{file}: {text.count(old)} places"
        (self.path / file).write_text(text.replace(old, new), "utf-8")
        return text[: text.index(old)].count("\n") + 1

    def problems(self) -> list[ConfigProblem]:
        return check_all(self.path, DAY)

    def only(self) -> ConfigProblem:
        """The one problem there is; it must say where and what to do."""
        (found,) = self.problems()
        assert found.remedy
        assert found.file in found.message
        assert found.what in found.message
        return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    shutil.copytree(SHIPPED, tmp_path / "config")
    monkeypatch.setenv("TOKUMEI_CONFIG", str(tmp_path / "config"))
    return Folder(tmp_path / "config")


def test_the_shipped_configuration_is_clean() -> None:
    assert check_all(SHIPPED, DAY) == []


# -- single files ------------------------------------------------------------------------------------------------------

BROKEN: dict[str, tuple[str, str, str, str, str, str]] = {
    "unknown key": (PLAN, "channel: mail", "chanel: mail\nchannel: mail", "chanel", "unknown key", "spelling"),
    "missing key": (PLAN, "requester: data-team\n", "", "requester", "is missing", "add it"),
    "number for a text": (RECIPIENT, "id: 提供契約-2026-001", "id: 2026001", "agreement.id", "string", "quotes"),
    "text for a number": (PLAN, "\nk: 5", '\nk: "5"', "k", "integer", "correct"),
    "yes is no boolean": (SOURCE, "deadline_hours: 4", "deadline_hours: yes", "deadline_hours", "integer", "correct"),
    "a format twice": (SOURCE, "uke-medical", "[dpc-ef, dpc-ef]", "format", "each once", "correct"),
    "no format": (SOURCE, "uke-medical", "[]", "format", "at least one", "correct"),
    "a format that is no text": (SOURCE, "uke-medical", "[dpc-ef, 1]", "format.1", "string", "quotes"),
    "a format that is a number": (SOURCE, "uke-medical", "3", "format", "string", "quotes"),
    "a chart number of any form": (
        SOURCE,
        "deadline_hours: 4",
        'chart_numbers: [".*"]',
        "chart_numbers",
        "no form of chart numbers",
        "correct",
    ),
    "options of another format": (
        SOURCE,
        "format: uke-medical",
        "format_options: {dpc-e: {}}\nformat: [dpc-ef, dpc-d]",
        "format_options",
        "by format id",
        "correct",
    ),
    "options that are none": (
        SOURCE,
        "format: uke-medical",
        "format_options: {dpc-ef: 3}\nformat: [dpc-ef, dpc-d]",
        "format_options",
        "a mapping",
        "correct",
    ),
    "a k below three": (PLAN, "\nk: 5", "\nk: 2", "k", "greater than or equal to 3", "correct"),
    "an unknown linkage": (
        PLAN,
        "linkage: person ",
        "linkage: family ",
        "linkage",
        "'none', 'claim' or 'person'",
        "corr",
    ),
    "a month that is none": (PLAN, '"2025-09"', '"2025-13"', "cutoff_month", "pattern", "correct"),
    "an agreement that ends first": (RECIPIENT, "2029-03-31", "2025-03-31", "agreement", "before it starts", "correct"),
    "reidentification allowed": (
        RECIPIENT,
        "no_reidentification: true",
        "no_reidentification: false",
        "agreement.no_reidentification",
        "True",
        "corr",
    ),
    "one approver": (
        PLAN,
        "approvers: [demo-officer-1, demo-officer-2]",
        "approvers: [demo-officer-1]",
        "approvers",
        "at least 2",
        "corr",
    ),
    "a channel's kind": (RECIPIENT, "kind: mail", "kind: pigeon", "channels.0", "none of 'mail', 'disc'", "correct"),
    "a name in one language": (PLAN, "title: {", "title: x # {", "title", "keys of its own", "write its keys"),
    "no data key": (RECIPIENT, "key: age1", "key: AGE-SECRET-KEY-1", "encryption.key", "pattern", "correct"),
    "bands that do not fit": (PROFILE, "age_width: 5", "age_width: 7", "", "no multiple", "correct"),
}


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_named_with_line_key_and_remedy(folder: Folder, case: tuple[str, ...]) -> None:
    file, old, new, key, what, remedy = case
    folder.spoil(file, old, new)
    named = [p for p in folder.problems() if p.file == f"config/{file}"]
    assert [(p.key, what in p.what, remedy in p.remedy) for p in named] == [(key, True, True)]
    text = (folder.path / file).read_text("utf-8").splitlines()
    if key and what != "is missing":
        assert key.split(".")[-1] in text[named[0].line - 1]
    else:
        assert named[0].line == 1  # nowhere in the file


def test_settings_of_a_channel_are_named_as_people_write_them(folder: Folder) -> None:
    file = "recipients/aozora-pharma.yaml"
    folder.spoil(file, "    bucket: provision\n", "")
    (named,) = [p for p in folder.problems() if p.file.endswith(file)]
    assert (named.key, named.what) == ("channels.0.bucket", "is missing")
    lines = (folder.path / file).read_text("utf-8").splitlines()
    assert "kind: bucket" in lines[named.line - 1]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("id: one\ntitle: {ja: x\n", 3, "expected"),
        ("id: one\nname: x\nid: two\n", 3, "the same key stands twice"),
        ("- a\n- b\n", 1, "not a mapping"),
        ("", 1, "not a mapping"),
        ("in_force: 2026-13-45\n", 0, "date that does not exist"),
        ("? [a, b]\n: c\n", 0, "key that is no word"),
        ("a: !python/object:os.system {}\n", 1, "constructor"),
        ("a: &a\n  b: *a\n", 1, "recursive"),
        ("a: \x07\n", 0, "YAML"),
    ],
)
def test_what_is_not_yaml_as_meant(folder: Folder, text: str, line: int, what: str) -> None:
    (folder.path / PROFILE).write_text(text, "utf-8")
    first = next(p for p in folder.problems() if p.file == f"config/{PROFILE}")
    assert what in first.what
    assert first.line == line
    assert set(config.load_sources(folder.path).items) == {"kita-hospital", "minato-city", "sakura-care"}


def test_other_bytes_than_utf8(folder: Folder) -> None:
    (folder.path / SOURCE).write_bytes("id: 病院\n".encode("cp932"))
    assert any((p.what, p.remedy) == ("is not UTF-8", "save it as UTF-8") for p in folder.problems())


def test_a_file_is_called_as_its_id(folder: Folder) -> None:
    (folder.path / SOURCE).rename(folder.path / "sources/north.yaml")
    found = {p.file: p for p in folder.problems()}
    assert "kita-hospital.yaml" in found["config/sources/north.yaml"].remedy
    assert "kita-hospital" not in config.load_sources(folder.path).items


def test_a_file_that_nobody_would_read_is_named(folder: Folder) -> None:
    shutil.copy(folder.path / SOURCE, folder.path / "sources/other.yml")
    assert "other.yaml" in folder.only().remedy


def test_one_broken_file_hides_no_other(folder: Folder) -> None:
    for name in ("releases", "recipients", "sources", "profiles"):
        (folder.path / name / "broken.yaml").write_text("id: [", "utf-8")
    named = {p.file for p in folder.problems()}
    assert named == {f"config/{name}/broken.yaml" for name in ("releases", "recipients", "sources", "profiles")}
    assert len(config.load_plans(folder.path).items) == 4
    assert len(config.load_recipients(folder.path).items) == 4


def test_a_missing_folder_and_a_missing_platform_are_named(folder: Folder) -> None:
    shutil.rmtree(folder.path / "profiles")
    (folder.path / "platform.yaml").unlink()
    named = [(p.file, p.what) for p in folder.problems()]
    assert ("config/profiles", "the folder is missing") in named
    assert ("config/platform.yaml", "the file is missing") in named


# -- what files say about each other ----------------------------------------------------------------------------------

CROSS: dict[str, tuple[str, str, str, str, str]] = {
    "missing recipient": (PLAN, "tsukishima-university", "nobody-here", "recipient", "no recipient nobody-here"),
    "missing source": (PLAN, "sources: [kita-hospital", "sources: [south-hospital", "sources", "no source south"),
    "schedule after nobody": (PLAN, "after: [kita-hospital", "after: [south-hospital", "schedule", "no source south"),
    "missing profile": (
        PLAN,
        "profile: operator-policy",
        "profile: other-policy",
        "profile",
        "no profile other-policy",
    ),
    "another agreement": (PLAN, "提供契約-2026-001", "提供契約-2020-999", "agreement", "not the recipient's agreement"),
    "an unpublished purpose": (
        PLAN,
        "purpose: 医学系研究及び医薬品等の研究開発",
        "purpose: 広告",
        "purpose",
        "not a published",
    ),
    "an unknown requester": (PLAN, "requester: data-team", "requester: stranger", "requester", "not a requester"),
    "an unknown approver": (PLAN, "[demo-officer-1, ", "[demo-officer-9, ", "approvers", "no officer"),
    "one approver twice": (
        PLAN,
        "demo-officer-1, demo-officer-2",
        "demo-officer-1, demo-officer-1",
        "approvers",
        "two",
    ),
    "a channel not agreed on": (PLAN, "channel: mail", "channel: bucket", "channel", "does not allow"),
    "a dataset not agreed on": (RECIPIENT, "[medical-claims]", "[care-claims]", "tables.0.dataset", "does not cover"),
    "k below the profile": (PROFILE, "minimum_k: 3", "minimum_k: 8", "k", "at least 8"),
    "a limit above the profile": (
        PROFILE,
        "maximum_suppression: 0.3",
        "maximum_suppression: 0.05",
        "suppression_limit",
        "0.05",
    ),
    "a rule there is not": (STRICT, "- rule: old-age", "- rule: odd-age", "rules.1.rule", "no such rule"),
    "an option there is not": (STRICT, "month, top: 90}", "month, tops: 90}", "rules.1.with.tops", "no such option"),
    "an option out of its limits": (STRICT, "month, top: 90}", "month, top: 900}", "rules.1.with.top", "80..100"),
    "an option of another type": (STRICT, "finest: prefecture", "finest: [zip3]", "rules.3.with.finest", "a text"),
    "a part there is not": (
        STRICT,
        "parts: {date: {domain: [date, month]}}\n    with",
        "parts: {day: {domain: [date, month]}}\n    with",
        "rules.1.parts.day",
        "no such other part",
    ),
    "an option that is missing": (STRICT, "system: date, ", "", "rules.4.rule", "needs the option system"),
    "a selector of everything": (
        STRICT,
        "columns: {column: birth_month}",
        "columns: {}",
        "rules.2.columns",
        "every column",
    ),
    "a hierarchy there is not": (STRICT, "hierarchy: age,", "hierarchy: ages,", "generalise.0.hierarchy", "no such"),
    "a level there is not": (STRICT, "most: band20", "most: band30", "generalise.0.most", "no such level"),
    "a hierarchy that does not fit": (
        STRICT,
        "{column: prefecture, hierarchy: prefecture}",
        "{column: prefecture, hierarchy: icd10}",
        "generalise.2.hierarchy",
        "does not know every value",
    ),
    "a column generalised twice": (
        STRICT,
        "{column: zip3, hierarchy: plain}",
        "{column: insurer, hierarchy: plain}",
        "generalise.5.column",
        "stands twice",
    ),
    "one person as a limit": (STRICT, "rare_codes: 10", "rare_codes: 1", "rare_codes", "everybody is one person"),
    "a column the profile deletes": (
        PROFILE,
        "maximum_suppression: 0.3",
        DELETED,
        "tables.0.columns.4",
        "deletes",
    ),
    "a quasi-identifier there is not": (
        PLAN,
        "[age_band, sex, prefecture]\nk",
        "[age_band, sex, prefecture, shoe_size]\nk",
        "quasi_identifiers",
        "no quasi column",
    ),
    "a quasi-identifier that is an event": (
        PLAN,
        "[age_band, sex, prefecture]\nk",
        "[age_band, sex, prefecture, service_month]\nk",
        "quasi_identifiers",
        "no quasi column",
    ),
    "an l of nothing": (PLAN, "k: 5\n", "k: 5\nrequirements: {l: [distinct:1:claim_type]}\n", "requirements.l.0", "2"),
    "an l without a form": (PLAN, "k: 5\n", "k: 5\nrequirements: {l: [three]}\n", "requirements.l", "no l-diversity"),
    "a t of a column elsewhere": (
        PLAN,
        "k: 5\n",
        "k: 5\nrequirements: {t: [equal:0.2:disease_code]}\n",
        "requirements",
        "no head table",
    ),
    "months the wrong way": (PLAN, '"2025-04"', '"2025-10"', "first_month", "after cutoff_month"),
    "a day that is not over": (PLAN, "cutoff_month:", "as_of: 2026-11-23\ncutoff_month:", "as_of", "not over"),
    "a table nobody has": (PLAN, "table: diagnosis", "table: diagnoses", "tables.1.table", "no table diagnoses"),
    "a column nobody has": (PLAN, "main_disease", "main_diseases", "tables.1.columns.1", "no column main_diseases"),
    "a dropped column": (PLAN, "claim_type]", "patient_name]", "tables.0.columns.4", "never kept"),
    "a column twice": (PLAN, "claim_type]", "sex]", "tables", "stands twice"),
    "births that are not counted": (PLAN, "claim_type]", "birth_month]", "quasi_identifiers", "birth_month"),
    "ages that are not counted": (
        PLAN,
        "[age_band, sex, prefecture]\nk",
        "[sex, prefecture]\nk",
        "quasi_identifiers",
        "age_band",
    ),
    "a source's clock": (SOURCE, "schedule:  ", 'schedule: "0 25 * * *" ', "schedule", "no cron expression"),
    "a plan's clock": (PLAN, "schedule:\n", 'schedule:\n  cron: "every day"\n', "schedule.cron", "no cron expression"),
    "an unknown format": (SOURCE, "format: uke-medical", "format: uke-unheard-of", "format", "no such format"),
    "an unknown format among others": (
        SOURCE,
        "format: uke-medical",
        "format: [uke-medical, uke-unheard-of]",
        "format.1",
        "no such format",
    ),
    "a format that is never taken": (
        SOURCE,
        "format: uke-medical",
        "format: [uke-medical, dpc-k]",
        "format.1",
        "never taken",
    ),
    "only a format that is never taken": (SOURCE, "format: uke-medical", "format: dpc-k", "format", "never taken"),
    "an expired agreement": (RECIPIENT, "ends: 2029-03-31", "ends: 2026-11-22", "agreement.ends", "expired"),
    "a channel without settings": (
        RECIPIENT,
        "channels: [mail]",
        "channels: [mail, disc]",
        "channels",
        "disc has no settings",
    ),
    "an address not agreed on": (
        RECIPIENT,
        '"@tsukishima-univ.example"',
        '"other@tsukishima-univ.example"',
        "channels.0.address",
        "names no such address",
    ),
    "a category there is not": (
        RECIPIENT,
        "categories: [1, 8]",
        "categories: [1, 9]",
        "agreement.categories",
        "1 to 8",
    ),
    "an agreed dataset there is not": (
        RECIPIENT,
        "[medical-claims]",
        "[medical-claims, dna]",
        "agreement.datasets",
        "dna",
    ),
    "demonstration accounts": (
        "platform.yaml",
        "environment: demo ",
        "environment: production ",
        "officers",
        "demonstration",
    ),
    "two officers of one login": ("platform.yaml", "login: officer2", "login: officer1", "officers", "same login"),
}


def test_a_plan_whose_source_is_broken_says_which_file_comes_first(folder: Folder) -> None:
    folder.spoil(SOURCE, "kind: hospital", "kind: castle")
    said = [p for p in folder.problems() if p.file == f"config/{PLAN}"]
    assert {(p.what, p.remedy) for p in said} == {
        ("the source kita-hospital does not hold", "correct sources/kita-hospital.yaml first")
    }


def test_an_empty_key_that_is_not_needed_says_to_leave_it_out(folder: Folder) -> None:
    folder.spoil(SOURCE, "linkage:  ", "landing:\nlinkage:  ")
    folder.spoil(PLAN, "schedule:\n  after: [kita-hospital, minato-city]", "schedule:\n  # by hand")
    said = {(p.file, p.key): (p.what, "leave the key out" in p.remedy) for p in folder.problems()}
    assert said[(f"config/{PLAN}", "schedule")] == ("is empty", True)
    assert said[(f"config/{SOURCE}", "landing")] == ("is empty", True)


@pytest.mark.parametrize("case", CROSS.values(), ids=CROSS.keys())
def test_what_files_say_about_each_other(folder: Folder, case: tuple[str, ...]) -> None:
    file, old, new, key, what = case
    folder.spoil(file, old, new)
    found = [p for p in folder.problems() if what in p.what]
    assert found, [p.message for p in folder.problems()]
    assert found[0].key == key
    assert found[0].remedy
    text = (folder.path.parent / found[0].file).read_text("utf-8").splitlines()[found[0].line - 1]
    last = [part for part in key.split(".") if not part.isdigit()][-1]
    assert last in text
    assert config.load_platform(folder.path)[0] is not None


@pytest.mark.parametrize("day", ["2026-11-22", "run"])
def test_as_of_a_day_that_is_over_or_the_run(folder: Folder, day: str) -> None:
    folder.spoil(PLAN, "cutoff_month:", f"as_of: {day}\ncutoff_month:")
    assert folder.problems() == []


def test_received_anonymised_is_never_linked(folder: Folder) -> None:
    line = folder.spoil(SOURCE, "legal_status: personal ", "legal_status: anonymised_received ")
    found = {problem.key: problem for problem in folder.problems()}
    assert found["linkage"].line > line
    assert found["permission"].remedy.startswith("name the contract that allows passing it on")
    assert "APPI art. 45" in found["sources"].what


def test_every_mistake_of_a_plan_is_said_at_once(folder: Folder) -> None:
    folder.spoil(PLAN, "claim_type]", "patient_name, nothing]")
    folder.spoil(PLAN, "table: diagnosis", "table: diagnoses")
    folder.spoil(PLAN, "tsukishima-university", "nobody-here")
    keys = {p.key for p in folder.problems()}
    assert keys == {"tables.0.columns.4", "tables.0.columns.5", "tables.1.table", "recipient"}


# -- the commands ------------------------------------------------------------------------------------------------------


def test_the_command_says_yes_with_0_and_no_with_5(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "problems": []}
    line = folder.spoil(PLAN, "channel: mail", "channel: bucket")
    assert cli.main(["config", "check", "--json"]) == 5
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is False
    assert said["problems"][0] | {"what": "", "remedy": ""} == {
        "file": f"config/{PLAN}", "line": line, "key": "channel", "what": "", "remedy": "",
    }  # fmt: skip
    assert cli.main(["config", "check"]) == 5
    assert f"config/{PLAN}:{line}: channel:" in capsys.readouterr().out


def test_messages_hold_no_secret_and_no_path_of_this_machine(folder: Folder, tmp_path: Path) -> None:
    secret = "AGE-SECRET-KEY-1" + "Q" * 58
    folder.spoil(RECIPIENT, "key: age1", f"key: {secret}  # ")
    folder.spoil("platform.yaml", "escrow_key: age1", f"escrow_key: {secret}  # ")
    (folder.path / PROFILE).write_text(f"id: [{secret}", "utf-8")
    said = "\n".join(p.message for p in folder.problems())
    assert said.count(" -> ") >= 3
    assert "SECRET" not in said
    assert str(tmp_path) not in said


NOUNS: dict[str, tuple[type[Noun], str]] = {
    "platform": (Platform, "platform.yaml"),
    "source": (Source, "sources/*.yaml"),
    "layout": (Layout, "examples/layouts/*.yaml"),
    "recipient": (Recipient, "recipients/*.yaml"),
    "release": (Plan, "releases/*.yaml"),
    "profile": (Profile, "profiles/*.yaml"),
}


def _as_editor(path: Path) -> Any:
    """As YAML language servers read it: dates are strings."""
    return json.loads(json.dumps(yaml.safe_load(path.read_text("utf-8")), default=lambda day: day.isoformat()))


def test_the_schemas_say_the_same_as_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "schema"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == set(NOUNS)
    assert cli.main(["config", "schema", "--out", str(tmp_path / "schemas")]) == 0
    for name, (_, pattern) in NOUNS.items():
        schema = json.loads((tmp_path / "schemas" / f"{name}.schema.json").read_text("utf-8"))
        validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
        files = sorted(SHIPPED.glob(pattern))
        assert files
        for path in files:
            data = _as_editor(path)
            validator.validate(data)
            with pytest.raises(jsonschema.ValidationError):
                validator.validate(data | {"unknown": 1})


@pytest.mark.parametrize("change", [lambda d: d.pop("officers"), lambda d: d.update(purposes=[])])
def test_without_a_platform_nothing_opens(folder: Folder, change: Callable[[dict[str, Any]], object]) -> None:
    from provision.context import open_context
    from provision.errors import FixConfiguration

    path = folder.path / "platform.yaml"
    data = yaml.safe_load(path.read_text("utf-8"))
    change(data)
    path.write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    with pytest.raises(FixConfiguration, match=r"config/platform\.yaml"):
        open_context(folder=folder.path, home=folder.path.parent / "home")


def test_a_source_of_several_formats(folder: Folder) -> None:
    folder.spoil(SOURCE, "format: uke-medical", "format: [uke-medical, uke-medical-returns, member-ledger]")
    text = (folder.path / SOURCE).read_text("utf-8")
    options = "format_options: {member-ledger: {columns: {name: [氏名漢字]}}}\n"
    (folder.path / SOURCE).write_text(text + options, "utf-8")
    assert folder.problems() == []
    source = config.load_sources(folder.path).items["kita-hospital"]
    assert source.formats == ("uke-medical", "uke-medical-returns", "member-ledger")
    assert source.format_said == sorted(source.formats)
    assert source.options_of("member-ledger") == {"columns": {"name": ["氏名漢字"]}}
    assert source.options_of("uke-medical") == {}


def test_options_of_the_one_format_are_its_own(folder: Folder) -> None:
    (folder.path / SOURCE).open("a", encoding="utf-8").write("format_options: {columns: {name: [氏名漢字]}}\n")
    source = config.load_sources(folder.path).items["kita-hospital"]
    assert source.options_of("uke-medical") == source.format_options == {"columns": {"name": ["氏名漢字"]}}
    assert (source.formats, source.format_said) == (("uke-medical",), "uke-medical")
