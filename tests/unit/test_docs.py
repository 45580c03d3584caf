"""The documents stay true: generated pages equal what their scripts make, links lead somewhere, commands parse."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from provision.cli import parser
from scripts import (
    make_datasets_page,
    make_entries_page,
    make_formats_page,
    make_identifiers_page,
    make_rules_page,
    make_states_page,
)

ROOT = Path(__file__).parents[2]
PAGES = [path for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if path.is_file()]
NAMES = [str(path.relative_to(ROOT)) for path in PAGES]

_LINK = re.compile(r"\]\((?!\?)([^)\s]+)\)")  # no link begins with ?, groups of patterns do
_SPAN = re.compile(r"`([^`\n]+)`")
_PROMPT = re.compile(r"^(?:\$ +)?(?:docker compose exec \S+ +)?(?:[A-Z_]+=\S+ +)*(?:\S+/)?tokumei +")
_END = re.compile(r"\s(?:[|>;&#]|2>)")


def commands(text: str) -> Iterator[str]:
    """Words behind ``tokumei`` in code blocks (a line of its own) and in code spans; a pipe or comment ends them."""
    fenced = False
    for line in text.replace("\\\n", " ").splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        block = fenced or line.startswith("    ")
        for candidate in [line.strip()] if block else _SPAN.findall(line):
            found = _PROMPT.match(candidate)
            if found:
                yield _END.split(candidate[found.end() :])[0].strip()


def parses(words: list[str]) -> bool:
    """Whether the command line accepts these words; the name of a group alone (``ledger``) is a name, not a command."""
    for tried in (words, [*words, "--help"]) if len(words) == 1 else (words,):
        try:
            parser().parse_args(tried)
            return True
        except SystemExit as end:
            if not end.code:
                return True
    return False


def links(path: Path) -> list[str]:
    """Relative links of a page, without their anchors."""
    text = re.sub(r"`[^`\n]*`", "", path.read_text(encoding="utf-8"))  # a form may look like a link
    found = (link.partition("#")[0] for link in _LINK.findall(text))
    return [unquote(link) for link in found if link and not re.match(r"[a-z]+:", link)]


def test_the_pages_are_there() -> None:
    expected = (
        "adding anonymisation architecture auditors channels data-team datasets formats ledger personal-data production"
    )
    assert {*expected.split(), "identifiers", "recipients", "rules", "states"} <= {path.stem for path in PAGES}


@pytest.mark.parametrize(
    "script",
    [
        make_datasets_page,
        make_entries_page,
        make_formats_page,
        make_identifiers_page,
        make_rules_page,
        make_states_page,
    ],
    ids=lambda script: script.PAGE.name,
)
def test_generated_pages_are_as_their_scripts_make_them(script: object) -> None:
    committed = script.PAGE.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    assert committed == script.page(), "run the script named on the page"  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_relative_links_lead_somewhere(path: Path) -> None:
    missing = [link for link in links(path) if not (path.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_commands_parse(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [said for said in commands(path.read_text(encoding="utf-8")) if not parses(shlex.split(said))]
    capsys.readouterr()  # what argparse says about the wrong ones is no output of ours
    assert not wrong


def test_a_wrong_command_would_be_found(capsys: pytest.CaptureFixture[str]) -> None:
    block = "    TOKUMEI_HOME=x bin/tokumei ledger show --tipe a | head"
    found = list(commands(f"run `tokumei config chekc`, or:\n\n{block}\n\n`tokumei ledger`\n"))
    assert found == ["config chekc", "ledger show --tipe a", "ledger"]
    assert [parses(shlex.split(said)) for said in found] == [False, False, True]
    capsys.readouterr()


def test_a_wrong_link_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("[x](b.md#part) [y](https://example.org/c.md) [z](#here)", encoding="utf-8")
    assert links(tmp_path / "a.md") == ["b.md"]


def test_every_kind_of_subject_has_states_that_are_written() -> None:
    assert make_states_page.written("batch") == {"received", "accepted", "quarantined", "destroyed"}
    assert {"drafted", "made", "gated", "open"} <= make_states_page.written("release")
