"""Output of commands: that readers may stop (``less``, ``head``), and what programs and people can rely on."""

from __future__ import annotations

import subprocess
import sys

import pytest

from provision.catalogue import Catalogue
from provision.cli import main, parser
from provision.config import config_folder, load_layouts


@pytest.mark.parametrize("words", [["datasets"], ["formats"]])
def test_a_reader_that_goes_is_no_defect(words: list[str]) -> None:
    """Long output breaks while it is written, short output when the program ends."""
    command = subprocess.Popen(
        [sys.executable, "-m", "provision.cli", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert command.stdout is not None
    assert command.stderr is not None
    command.stdout.close()
    said = command.stderr.read().decode()
    command.stderr.close()
    assert (command.wait(), said) == (1, "")


@pytest.mark.parametrize(("words", "json"), [(["--json", "affected", "B1"], True), (["affected", "B1", "--json"], True),
                                             (["affected", "B1"], False), (["--json"], True), ([], False)])  # fmt: skip
def test_json_may_stand_before_or_behind_the_action(words: list[str], json: bool) -> None:
    assert parser().parse_args(["releases", *words]).json is json


def test_formats_are_listed_in_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["formats"]) == 0
    lines = capsys.readouterr().out.splitlines()
    known = Catalogue(load_layouts(config_folder()).items).formats()
    start = max(map(len, known)) + 1
    assert [line[:start].strip() for line in lines] == sorted(known)
    assert all(line[start - 1] == " " and line[start] != " " for line in lines)
