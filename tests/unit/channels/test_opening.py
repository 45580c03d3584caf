"""What stands beside a sealed payload opens it: the start page lies inside."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import pyrage
import pytest

from provision.channels._consignment import opening

ROOT = Path(__file__).parents[3]


def test_the_commands_open_what_was_sealed(tmp_path: Path) -> None:
    if shutil.which("age") is None:
        pytest.skip("age is not installed")
    with zipfile.ZipFile(tmp_path / "plain", "w") as made:
        made.writestr("r-kakuu-1/data/はじめにお読みください.html", "架空")
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "key.txt").write_text(f"{identity}\n")
    sealed = pyrage.encrypt((tmp_path / "plain").read_bytes(), [identity.to_public()])
    (tmp_path / "r-kakuu-1.zip.age").write_bytes(sealed)
    lines = opening(["r-kakuu-1.envelope.json", "r-kakuu-1.zip.age"])
    commands = [line.strip() for line in lines if line.strip().startswith(("age ", "unzip "))]
    assert len(commands) == 2
    subprocess.run(commands[0].split(), cwd=tmp_path, check=True, capture_output=True)
    with zipfile.ZipFile(tmp_path / commands[1].split()[1]) as found:
        assert [Path(name).name for name in found.namelist()] == ["はじめにお読みください.html"]
    assert "はじめにお読みください.html" in "".join(lines)


def test_they_are_those_of_the_recipients_page() -> None:
    page = (ROOT / "docs" / "recipients.md").read_text(encoding="utf-8")
    for name in ("r-….zip.age", "r-….zip.gpg"):
        assert opening([name])[2].strip() in page


def test_what_nobody_knows_how_to_open_gets_no_command() -> None:
    assert opening(["r-kakuu-1.zip.zip", "r-kakuu-1.envelope.json"]) == []
