"""Configuration of landing and archives: what is accepted, and that mistakes are named where they stand."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from provision import config
from provision.checking import check_all
from provision.config import ConfigProblem
from provision.model import ArchiveLimits, InboxLanding

SHIPPED = Path(__file__).parents[2] / "config"
BUCKET = "landing: {kind: bucket, connection: store, bucket: received, prefix: kita/in}\n"
SFTP = "landing: {kind: sftp, connection: gate, directory: /outgoing/kita, after: keep}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(SHIPPED, tmp_path / "config")
    monkeypatch.setenv("TOKUMEI_CONFIG", str(tmp_path / "config"))
    return tmp_path / "config"


def problems(folder: Path, **more: str) -> list[ConfigProblem]:
    """Append lines to sources (``kita_hospital``), then check everything."""
    for source, lines in more.items():
        path = folder / "sources" / f"{source.replace('_', '-')}.yaml"
        path.write_text(path.read_text("utf-8").rstrip("\n") + "\n" + lines, "utf-8")
    return check_all(folder, date(2026, 11, 23))


def test_without_a_word_drops_lie_in_our_inbox(folder: Path) -> None:
    for source in config.load_sources(folder).items.values():
        assert source.landing == InboxLanding()
        assert source.archive_limits == ArchiveLimits()


@pytest.mark.parametrize("lines", [BUCKET, SFTP, "landing: {kind: inbox}\n"])
def test_every_kind_is_accepted(folder: Path, lines: str) -> None:
    limits = "archive_connection: archives\narchive_limits: {members: 20, ratio: 1000}\n"
    assert problems(folder, kita_hospital=lines + limits) == []
    source = config.load_sources(folder).items["kita-hospital"]
    assert (source.archive_connection, source.archive_limits.members) == ("archives", 20)


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        (BUCKET.replace("kita/in", "../in"), "landing.prefix"),
        (BUCKET.replace("bucket: received, ", ""), "landing.bucket"),
        (SFTP.replace("/outgoing/kita", "a/../b"), "landing"),
        (SFTP.replace("/outgoing/kita", "/"), "landing.directory"),
        (SFTP.replace("keep", "burn"), "landing.after"),
        (SFTP.replace("sftp", "ftp"), "landing"),
        ("landing: {kind: inbox, after: keep}\n", "landing.after"),
        ("archive_limits: {ratio: 0}\n", "archive_limits.ratio"),
        ("archive_limits: {size: 1}\n", "archive_limits.size"),
    ],
)
def test_a_mistake_is_named_where_it_stands(folder: Path, lines: str, key: str) -> None:
    before = len((folder / "sources" / "kita-hospital.yaml").read_text("utf-8").splitlines())
    # the release plans then miss the source, which is said too
    found = [p for p in problems(folder, kita_hospital=lines) if p.file.endswith("kita-hospital.yaml")]
    assert [(p.key, p.line) for p in found] == [(key, before + 1)]
    assert found[0].remedy


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (BUCKET, BUCKET, True),
        (BUCKET, BUCKET.replace("kita/in", "kita/in/sub"), True),
        (BUCKET, BUCKET.replace("kita/in", "kita/inner"), False),
        (BUCKET, BUCKET.replace("received", "other"), False),
        (SFTP, SFTP.replace("/outgoing/kita", "/outgoing/kita/"), True),
        (SFTP, SFTP.replace("/outgoing/kita", "outgoing/kita"), False),
        (SFTP, BUCKET, False),
    ],
)
def test_two_sources_do_not_fetch_from_one_place(folder: Path, one: str, other: str, clash: bool) -> None:
    found = problems(folder, kita_hospital=one, sakura_care=other)
    assert bool(found) == clash
    assert all(p.key == "landing" and "same place" in p.what for p in found)
