"""What an operator says of a person: forms that hold, and refusals that repeat nothing of it."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from provision import cli
from provision.errors import Refused
from provision.persons.asked import FIELDS, Asked, parse
from tests.support.intake import in_clear

GOOD = {
    "birth": "19530203",
    "sex": "2",
    "kana": "カクウハナコ",
    "insurer": "06132013",
    "number": "４５６",
    "branch": "1",
}
SECRET = "架空ひみつ"


def said(*records: dict[str, Any]) -> str:
    return json.dumps(list(records))


def test_one_record_or_several() -> None:
    one = parse(json.dumps(GOOD))
    assert one.birth == "19530203"
    assert {domain for domain, _ in one.tokens("s")} == {"health_branch", "health_birth", "name_birth"}
    two = parse(said(GOOD, {**GOOD, "facility": "1311234567", "chart": "K1"}))
    assert "facility_chart" in {domain for domain, _ in two.tokens("s")}
    assert parse(json.dumps(two.as_json())) == two
    assert Asked.of(two.as_json()) == two
    assert "ハナコ" not in repr(two)


@pytest.mark.parametrize("birth", ["１９５３０２０３", "1953-02-03"])
def test_digits_are_digits_however_they_are_written(birth: str) -> None:
    assert parse(json.dumps({**GOOD, "birth": birth, "sex": "２"})).birth == "19530203"


def test_a_chart_of_the_source_itself_is_of_that_source_only() -> None:
    own = parse(json.dumps({**GOOD, "facility": "*", "chart": "pat-1", "source": "fhir-clinic"}))
    charts = {
        source: [p for d, p in own.tokens(source) if d == "facility_chart"] for source in ("fhir-clinic", "other")
    }
    assert charts == {"fhir-clinic": [("*fhir-clinic", "PAT1")], "other": []}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("{", ""),
        ("[]", ""),
        ('["x"]', ""),
        (said({**GOOD, SECRET: "1"}), "record 1, field 7"),
        (said({**GOOD, "number": 456}), "record 1, number"),
        (said(GOOD, {**GOOD, "birth": "19531303"}), "record 2, birth"),
        (said({**GOOD, "birth": "昭和28年2月3日"}), "record 1, birth"),
        (said({**GOOD, "birth": "1953-02"}), "record 1, birth"),
        (said({**GOOD, "sex": "F"}), "record 1, sex"),
        (said(GOOD, {**GOOD, "sex": "1"}), ""),
        (said({"birth": "19530203", "sex": "2", "name": SECRET}), ""),
        (said({**GOOD, "facility": "*", "chart": "1"}), "record 1, source"),
    ],
)
def test_a_refusal_names_record_and_field_and_no_value(text: str, where: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(text)
    assert refused.value.rule == "person.form"
    assert refused.value.where == (where or "the person")
    assert not [value for value in (SECRET, "昭和", "1303") if value in str(refused.value)]
    assert refused.value.__cause__ is None


# -- the terminal -----------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """Standard input that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_the_terminal_asks_for_one_card_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    card = ["カクウハナコ", SECRET, "06132013", "12", "456", "", "", "", "", "", "", ""]
    chart = ["カクウハナコ", SECRET, "", "", "", "", "", "", "1311234567", "K1", "", ""]
    answers = ["19530203", "2", *card, "y", *chart, "n"]
    monkeypatch.setattr("sys.stdin", Terminal("".join(f"{answer}\n" for answer in answers)))
    monkeypatch.setenv("TOKUMEI_HOME", str(tmp_path))
    assert cli.main(["person", "veto", "--basis", "policy", "--reference", "R-1"]) == 0
    out = capsys.readouterr()
    assert SECRET not in out.out + out.err
    assert '"asks": [' in out.out
    assert not in_clear(tmp_path, SECRET, "カクウハナコ")


@pytest.mark.parametrize("how", [[], ["--fd", "99"], ["--fd", "broken"]])
def test_without_terminal_or_descriptor_nothing_is_taken(
    how: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOKUMEI_HOME", str(tmp_path))
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    if "broken" in how:
        reading, writing = os.pipe()
        os.write(writing, SECRET.encode("cp932"))
        os.close(writing)
        how = ["--fd", str(reading)]
    assert cli.main(["person", "veto", "--basis", "policy", "--reference", "R-1", *how]) == 6
    assert "person.form" in capsys.readouterr().err
    assert not (tmp_path / "ledger" / "ledger.db").exists() or not (tmp_path / "vault" / "requests").exists()


def test_every_field_can_be_said_on_the_terminal() -> None:
    from provision.commands.person import _ASKED, _ASKED_ONCE

    assert {field for field, _ in (*_ASKED, *_ASKED_ONCE)} | {"source"} == set(FIELDS)
