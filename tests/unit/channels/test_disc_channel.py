"""Disc: identical images, capacity, what lies beside the image, and a staging folder that is whole or absent."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.channels import _sheets, _volumes, disc
from provision.channels._image import build_image, verify_image, volume_label
from provision.channels.base import OutboxFile
from provision.channels.disc import CHANNEL
from provision.errors import FixConfiguration, Refused, RetryLater
from provision.model import DiscSettings
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
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == {
        "VOL01/image.iso",
        "VOL01/image.iso.sha256",
        "VOL01/label.pdf",
        "cover.pdf",
        "handover.json",
    }
    assert [path.name for path in made.staging.iterdir()] == [made.order]
    record = json.loads((folder / "handover.json").read_text())
    assert record["discs"][0]["image"]["sha256"] == receipt.evidence["image_sha256"]
    assert [each["sha256"] for each in record["files"]] == [file.sha256 for file in made.files]
    assert all(path.read_bytes().startswith(b"%PDF-") for path in folder.rglob("*.pdf"))


def test_what_the_sheets_say(tmp_path: Path) -> None:
    made = consignment(tmp_path, SETTINGS)
    deliver(made)
    record = json.loads((made.staging / made.order / "handover.json").read_text())
    cover = _sheets.cover_html(made, DiscSettings.model_validate(SETTINGS), record)
    for text in (*made.notice.values(), made.release, made.files[0].sha256, "媒体番号", "signature", "&lt;1-1&gt;<br>"):
        assert text in cover
    label = _sheets.label_html(made, record["discs"][0])
    assert volume_label(made.release) in label
    assert "みなみ研究所" not in label  # a finder need not know whose it is


@pytest.mark.parametrize("victim", ["VOL01/image.iso", "VOL01/image.iso.sha256", "handover.json"])
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


def _small(monkeypatch: pytest.MonkeyPatch, capacity: int, piece: int = 10**9) -> None:
    """Discs of `capacity` bytes, so that small files need several."""
    monkeypatch.setattr(_volumes, "OVERHEAD", 600_000)
    monkeypatch.setattr(_volumes, "LARGEST_PIECE", piece)
    for module in (_sheets, disc):
        monkeypatch.setattr(module, "CAPACITY", {"dvd+r": capacity})


@pytest.mark.parametrize("piece", [10**9, 400_000])
def test_several_discs_join_without_a_program_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    _small(monkeypatch, 1_600_000, piece)
    made = consignment(tmp_path, SETTINGS, 2_500_000)
    receipt = deliver(made)
    assert receipt.evidence["discs"] == 3
    assert len({receipt.evidence[key] for key in ("image_sha256", "image_sha256_2", "image_sha256_3")}) == 3
    out = tmp_path / "out"
    for number in (1, 2, 3):
        image, disc_out = made.staging / made.order / f"VOL0{number}" / "image.iso", tmp_path / f"disc{number}"
        subprocess.run(["7zz", "x", f"-o{disc_out}", image], check=True, capture_output=True)
        assert image.stat().st_size <= 1_600_000
        check = ["sha256sum", "--quiet", "--strict", "-c", "SHA256SUMS.txt"]
        subprocess.run(check, cwd=disc_out, check=True)
        said = json.loads((disc_out / "VOLUME.json").read_text())
        assert (said["volume"], said["of"], said["whole"]["sha256"]) == (number, 3, made.files[0].sha256)
        assert (disc_out / made.files[1].name).read_bytes() == made.files[1].path.read_bytes()
        shutil.copytree(disc_out, out, dirs_exist_ok=True)
    join = next(line for line in (out / "つなぎ方_JOIN.txt").read_text().splitlines() if line.startswith("  cat "))
    subprocess.run(["sh", "-c", join], cwd=out, check=True)
    assert hashlib.sha256((out / made.files[0].name).read_bytes()).hexdigest() == made.files[0].sha256
    assert deliver(made).already_there


@given(size=st.integers(1, 4_000), room=st.integers(1, 3_000), piece=st.integers(1, 2_000))
def test_pieces_are_the_file_and_fit(size: int, room: int, piece: int) -> None:
    file, patch = OutboxFile(Path("x"), "r-1.zip.age", "0" * 64, size), pytest.MonkeyPatch()
    with patch.context() as limits:
        limits.setattr(_volumes, "LARGEST_PIECE", piece)
        discs = _volumes._cut(file, room)
    pieces = [piece for one in discs for piece in one]
    assert [p.offset + p.size for p in pieces] == list(accumulate(p.size for p in pieces))
    assert sum(p.size for p in pieces) == size
    assert all(0 < p.size <= piece for p in pieces)
    assert all(sum(p.size for p in one) == room for one in discs[:-1])
    assert [p.name for p in pieces] == sorted({p.name for p in pieces}) or len(pieces) > 999


def test_a_file_above_4_gib_lies_in_two_pieces_on_one_disc(tmp_path: Path) -> None:
    made = consignment(tmp_path, SETTINGS)
    huge = replace(made, files=(replace(made.files[0], size=4 * 1024**3), made.files[1]))
    (one,) = _volumes.volumes(huge, _sheets.CAPACITY["dvd+r-dl"])
    assert [piece.size for piece in one.pieces[:2]] == [_volumes.LARGEST_PIECE, 2048]


def test_more_discs_than_sensible_is_refused_before_building(tmp_path: Path) -> None:
    made = consignment(tmp_path, {**SETTINGS, "medium": "cd-r"})
    size = 41 * 734_003_200
    with made.files[0].path.open("wb") as stream:
        stream.truncate(size)
    with pytest.raises(Refused, match="more than 40 discs"):
        CHANNEL.check(replace(made, files=(replace(made.files[0], size=size), made.files[1])))
    assert not made.staging.exists()


def test_an_image_above_capacity_is_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = consignment(tmp_path, SETTINGS, 300_000)
    _small(monkeypatch, 310_000 + len(made.files[1].path.read_bytes()))
    monkeypatch.setattr(_volumes, "OVERHEAD", 0)
    CHANNEL.check(made)
    with pytest.raises(Refused, match=r"disc\.capacity"):
        deliver(made)
    assert list(made.staging.iterdir()) == []


def test_a_full_staging_disk_means_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _small(monkeypatch, 10**16)
    monkeypatch.setattr(disc, "OVERHEAD", 10**15)
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


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}", fullmatch=True), st.integers(0, 40))
def test_volume_labels_are_legal(release: str, number: int) -> None:
    label = volume_label(release, number)
    assert 0 < len(label) <= 32
    assert set(label) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def test_long_release_names_keep_different_labels() -> None:
    assert volume_label("a" * 40 + "1") != volume_label("a" * 40 + "2")
