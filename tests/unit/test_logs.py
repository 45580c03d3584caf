"""Logs as JSON: our own messages only, one object a line, and no value of anybody whatever goes wrong."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provision import cli, intake, logs
from tests.support.intake import ACTOR, drop, hospital, platform
from tests.support.uke import CHART, KANA, NAME, Claim, file


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    ours = logging.getLogger("provision")
    before = ours.level, ours.propagate, list(ours.handlers)
    yield
    ours.level, ours.propagate, ours.handlers = before


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    monkeypatch.setenv("TOKUMEI_LOG", "json")
    found = io.StringIO()
    logs.configure(found)
    return found


def told(screen: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in screen.getvalue().splitlines()]


def test_an_error_nobody_expected_is_its_kind_and_place(screen: io.StringIO) -> None:
    try:
        raise ValueError(f"bad cell {NAME}")
    except ValueError:
        logging.getLogger("provision.intake").exception("batch %s", "B1")
    (line,) = told(screen)
    assert (line["level"], line["logger"], line["message"]) == ("error", "provision.intake", "batch B1")
    assert (line["error"], line["place"].partition(":")[0]) == ("ValueError", "test_logs.py")
    assert NAME not in screen.getvalue()


def test_libraries_are_not_let_through(screen: io.StringIO) -> None:
    logging.getLogger("httpx").error("GET https://example.jp/%s", NAME)
    logging.getLogger("provisional").error(NAME)
    assert screen.getvalue() == ""


def test_twice_is_once_and_without_being_asked_for_nothing(
    monkeypatch: pytest.MonkeyPatch, screen: io.StringIO
) -> None:
    logs.configure(screen)
    logging.getLogger("provision.x").info("one")
    assert len(told(screen)) == 1
    monkeypatch.delenv("TOKUMEI_LOG")
    logs.configure(screen)
    logging.getLogger("provision.x").info("two")
    assert len(told(screen)) == 1


def test_taking_in_says_how_far_it_is_and_of_nobody(screen: io.StringIO, tmp_path: Path) -> None:
    ctx = platform(tmp_path, hospital())
    drop(ctx, "test-hospital", {"架空病院.UKE": file(Claim(), Claim(name="架空　次子"))})
    (batch,) = intake.receive(ctx, "test-hospital", actor=ACTOR)
    intake.take_in(ctx, batch, actor=ACTOR)
    assert "file 1 of 1: 100 %" in told(screen)[-1]["message"]
    assert not [text for text in (NAME, KANA, CHART, "次子", "架空病院", str(tmp_path)) if text in screen.getvalue()]


def test_a_command_ends_with_its_rule(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOKUMEI_LOG", "json")
    monkeypatch.setenv("TOKUMEI_HOME", str(tmp_path))
    assert cli.main(["run", "take-in", "B-nobody"]) == 6
    line = json.loads(capsys.readouterr().err)
    assert (line["error"], line["rule"], line["logger"]) == ("Refused", "intake.batch", "provision.cli")
    assert line["message"].startswith("B-nobody: this batch was never received")
