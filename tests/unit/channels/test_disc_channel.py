"""Disc: identical images, capacity, what lies beside the image, and a staging folder that is whole or absent."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.channels import _sheets
from provision.channels._image import build_image, verify_image, volume_label
from provision.channels.disc import CHANNEL
from provision.errors import FixConfiguration, Refused, RetryLater
from tests.support.consignments import Connections, Steps, consignment

SETTINGS = {"kind": "disc", "medium": "dvd+r", "postal_address": "〒100-0001 東京都千代田区<1-1>\nみなみ研究所"}


@pytest.fixture(autouse=True)
def _tool(xorriso: str) -> None:
    """All of these need xorriso."""


def deliver(made: Any) -> Any:
    return CHANNEL.deliver(made, Connections(), Steps())


def test_the_same_consignment_gives_the_same_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = consignment(tmp_path, SETTINGS, 300_000)
    first = deliver(made)
    for file in made.files:
        os.utime(file.path, (1, 1))
        file.path.chmod(0o600)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("LC_ALL", "C")
    second = deliver(replace(made, staging=tmp_path / "elsewhere", attempt=2))
    assert first.evidence["image_sha256"] == second.evidence["image_sha256"]
    assert not second.already_there


def test_what_lies_in_the_staging_folder(tmp_path: Path) -> None:
    made = consignment(tmp_path, SETTINGS)
    receipt = deliver(made)
    folder = made.staging / made.order
    assert {path.name for path in folder.iterdir()} == {
        "image.iso",
        "image.iso.sha256",
        "label.html",
        "cover.html",
        "handover.json",
    }
    assert [path.name for path in made.staging.iterdir()] == [made.order]
    record = json.loads((folder / "handover.json").read_text())
    assert record["image"]["sha256"] == receipt.evidence["image_sha256"]
    assert [each["sha256"] for each in record["files"]] == [file.sha256 for file in made.files]
    assert set(record["handover"].values()) == {None}
    cover = (folder / "cover.html").read_text()
    for text in (*made.notice.values(), made.release, made.files[0].sha256, "媒体番号", "signature", "&lt;1-1&gt;<br>"):
        assert text in cover
    label = (folder / "label.html").read_text()
    assert volume_label(made.release) in label
    assert "みなみ研究所" not in label  # a finder need not know whose it is


def test_filling_in_the_hand_over_changes_nothing_for_us(tmp_path: Path) -> None:
    made = consignment(tmp_path, SETTINGS)
    deliver(made)
    path = made.staging / made.order / "handover.json"
    record = json.loads(path.read_text())
    record["handover"]["serial"] = "D-0001"
    path.write_text(json.dumps(record))
    assert deliver(made).already_there


@pytest.mark.parametrize("victim", ["image.iso", "image.iso.sha256", "handover.json"])
@pytest.mark.parametrize("how", ["changed", "gone"])
def test_a_staging_folder_that_was_touched_is_refused(tmp_path: Path, victim: str, how: str) -> None:
    made = consignment(tmp_path, SETTINGS)
    deliver(made)
    path = made.staging / made.order / victim
    content = path.read_bytes()
    path.unlink()
    if how == "changed":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(Refused, match=r"disc\.staging"):
        deliver(made)


def test_what_a_dead_attempt_left_is_cleared(tmp_path: Path) -> None:
    made = consignment(tmp_path, SETTINGS)
    left = made.staging / f".{made.order}.tmp"
    left.mkdir(parents=True)
    (left / "image.iso").write_bytes(b"half")
    assert not deliver(made).already_there
    assert not left.exists()


def test_more_than_the_medium_holds_is_refused_before_building(tmp_path: Path) -> None:
    made = consignment(tmp_path, {**SETTINGS, "medium": "cd-r"})
    with made.files[0].path.open("wb") as stream:
        stream.truncate(734_000_000)
    large = replace(made, files=(replace(made.files[0], size=734_000_000), made.files[1]))
    with pytest.raises(Refused, match=r"cd-r \(734003200 bytes\)"):
        CHANNEL.check(large)
    with made.files[0].path.open("wb") as stream:
        stream.truncate(4 * 1024**3)
    huge = replace(large, files=(replace(made.files[0], size=4 * 1024**3), made.files[1]))
    with pytest.raises(Refused, match="4 GiB"):
        CHANNEL.check(replace(huge, settings={**SETTINGS, "medium": "dvd+r-dl"}))
    assert not made.staging.exists()


def test_an_image_above_capacity_is_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = consignment(tmp_path, SETTINGS, 300_000)
    monkeypatch.setattr("provision.channels.disc._OVERHEAD", 0)
    monkeypatch.setattr(_sheets, "CAPACITY", {"dvd+r": 310_000})
    monkeypatch.setattr("provision.channels.disc.CAPACITY", {"dvd+r": 310_000})
    CHANNEL.check(made)
    with pytest.raises(Refused, match=r"disc\.capacity"):
        deliver(made)
    assert list(made.staging.iterdir()) == []


def test_a_full_staging_disk_means_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provision.channels.disc._OVERHEAD", 10**15)
    monkeypatch.setattr("provision.channels.disc.CAPACITY", {"dvd+r": 10**16})
    with pytest.raises(RetryLater, match=r"disc\.space"):
        deliver(consignment(tmp_path, SETTINGS))


def test_a_disk_that_fills_up_meanwhile_means_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        raise OSError(errno.ENOSPC, "secret path")

    made = consignment(tmp_path, SETTINGS)
    monkeypatch.setattr("provision.channels.disc.cover_html", full)
    with pytest.raises(RetryLater, match="OSError 28") as caught:
        deliver(made)
    assert "secret" not in str(caught.value)
    assert list(made.staging.iterdir()) == []


def test_reading_back_notices_a_difference(tmp_path: Path) -> None:
    made = consignment(tmp_path, SETTINGS, 100_000)
    files = {file.name: file.path for file in made.files}
    image = tmp_path / "image.iso"
    build_image(files, image, "TEST")
    verify_image(image, files, tmp_path / "good")
    content = bytearray(image.read_bytes())
    at = content.index(made.files[0].path.read_bytes()[:64])
    content[at + 50_000] ^= 1
    image.write_bytes(content)
    with pytest.raises(RetryLater, match=r"disc\.verify"):
        verify_image(image, files, tmp_path / "bad")


def test_japanese_names_and_odd_characters_of_paths_survive(tmp_path: Path) -> None:
    folder = tmp_path / "a=b\\c d"
    folder.mkdir()
    name = "匿名加工情報" * 9 + "令和八年.age"
    (folder / "x").write_bytes(b"content")
    build_image({name: folder / "x"}, tmp_path / "image.iso", "TEST")
    verify_image(tmp_path / "image.iso", {name: folder / "x"}, tmp_path / "read")


def test_an_unknown_medium_is_configuration(tmp_path: Path) -> None:
    with pytest.raises(FixConfiguration, match="medium"):
        CHANNEL.check(consignment(tmp_path, {**SETTINGS, "medium": "floppy"}))


def test_without_xorriso_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = consignment(tmp_path, SETTINGS)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FixConfiguration, match="install Debian's xorriso"):
        CHANNEL.check(made)


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}", fullmatch=True))
def test_volume_labels_are_legal(release: str) -> None:
    label = volume_label(release)
    assert 0 < len(label) <= 32
    assert set(label) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def test_long_release_names_keep_different_labels() -> None:
    assert volume_label("a" * 40 + "1") != volume_label("a" * 40 + "2")
