"""The example of docs/data-team.md: answers of a fictitious survey, in two encodings, down to the store and back."""

from __future__ import annotations

import csv
import io
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import yaml

from provision import intake
from provision.checking import check_all
from provision.context import Context, open_context
from tests.support.intake import CONFIG, drop, in_clear

SOURCE, LAYOUT = "musashino-institute", "musashino-questionnaire"
#: Words that the survey's program writes for the codes of yes and no.
WORDS = {"1": "はい", "2": "いいえ"}


@pytest.fixture
def ctx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    shutil.copytree(CONFIG, tmp_path / "config")
    shutil.copytree(CONFIG / "examples", tmp_path / "config", dirs_exist_ok=True)
    monkeypatch.setenv("TOKUMEI_CONFIG", str(tmp_path / "config"))
    made = open_context(folder=tmp_path / "config", home=tmp_path / "home")
    with made.ledger:
        yield made


def survey(encoding: str, people: int, year: int) -> tuple[bytes, Counter[tuple[str, str]]]:
    """A survey's file, and how often each answer was given to each question."""
    said = yaml.safe_load((CONFIG / "examples/layouts" / f"{LAYOUT}.yaml").read_text("utf-8"))
    asked = {one["headings"][0]: one for one in said["answers"]}
    header = [
        "参加者ID",
        "参加者氏名",
        "フリガナ",
        "生年月日",
        "性別",
        "都道府県コード",
        "記入日",
        "備考",
        "身長(cm)",
        *asked,
    ]
    rows, given = [header], Counter[tuple[str, str]]()
    for number in range(people):
        row = [
            f"P{number:05d}", f"架空森 一{number}", f"カクウモリ イチ{number}",
            f"昭和{30 + number % 20}年{1 + number % 12}月3日", "男女"[number % 2], str(1 + number % 47),
            f"{year}/{1 + number % 12}/5", f"電話 090-2222-{number:04d}", f"{150 + number % 30}.{number % 10}",
        ]  # fmt: skip
        for place, one in enumerate(asked.values()):
            code = str(1 + (number + place) % 2) if one.get("values") else str(1 + (number + place) % 3)
            blank = (number + place) % 11 == 0
            row.append(["", "-", "無回答"][number % 3] if blank else WORDS[code] if one.get("values") else code)
            given[one["question"], code] += not blank
        rows.append(row)
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(encoding), +given


def test_the_example_holds(ctx: Context) -> None:
    assert check_all(ctx.config_folder) == []


def test_answers_come_back_as_they_were_given(ctx: Context) -> None:
    files = {"2024.csv": survey("cp932", 120, 2024), "2025.csv": survey("utf-8-sig", 150, 2025)}
    drop(ctx, SOURCE, {name: data for name, (data, _) in files.items()})
    (batch,) = intake.receive(ctx, SOURCE, actor="test")
    assert intake.take_in(ctx, batch, actor="test")["files_quarantined"] == 0
    answers = ctx.store.scan(LAYOUT, "answer", {batch: SOURCE})
    assert answers is not None
    found = Counter(
        {row[:2]: row[2] for row in answers.group_by("question", "answer_code").len().collect().iter_rows()}
    )
    assert found == sum((given for _, given in files.values()), Counter())
    heads = ctx.store.scan(LAYOUT, "participant", {batch: SOURCE})
    assert heads is not None
    people = heads.collect()
    assert people.height == 270
    assert people["alias"].n_unique() == 150  # one research id is one person, in both years
    assert people.columns == [
        "claim_no", "birth_month", "sex", "prefecture", "answered_on", "alias", "batch",
    ]  # fmt: skip
    values = ctx.store.scan(LAYOUT, "test_value", {batch: SOURCE})
    assert values is not None
    heights = values.filter(pl.col("item") == "height").collect()
    assert heights.height == 270
    assert in_clear(ctx.zones.home, "架空森", "カクウモリ", "090-2222", "P00001") == []
