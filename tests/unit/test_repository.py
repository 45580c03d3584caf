"""What may not stand in the repository: hosts of registries, paths of one machine, secrets; and what must."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

import provision

ROOT = Path(__file__).parents[2]

#: Spelt in pieces, so that this file does not hold what it looks for.
HOSTS = ["py" + "pi.org", "python" + "hosted.org", "registry.npm" + "js.org", "deb." + "debian.org", "ghcr" + ".io"]
MACHINE = re.compile("(?<![A-Za-z0-9_.~$}>-])/(?:wo" + "rk|ro" + "ot|ho" + r"me/[a-z]+)/[A-Za-z.]")
SECRETS = re.compile("AGE-SECRET-" + "KEY-1[A-Z0-9]{50}|-----BEGIN [A-Z ]*PRIVATE " + "KEY-----\n[A-Za-z0-9+/]{40}")


@cache
def tracked() -> dict[str, str]:
    """Tracked text files and their contents."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("this is no clone: what is tracked cannot be asked")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    texts = {}
    for name in filter(None, names.split("\0")):
        data = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b"\0"
        if b"\0" not in data:
            texts[name] = data.decode("utf-8", "replace")
    assert len(texts) > 100
    return texts


@pytest.mark.parametrize("host", HOSTS)
def test_no_package_registry_is_named(host: str) -> None:
    assert [name for name, text in tracked().items() if host in text] == []


def test_no_path_of_one_machine() -> None:
    assert [name for name, text in tracked().items() if MACHINE.search(text)] == []


def test_no_private_key() -> None:
    assert [name for name, text in tracked().items() if SECRETS.search(text)] == []


@pytest.mark.parametrize("name", ["uv.lock", ".env", "var"])
def test_what_a_machine_makes_is_not_tracked(name: str) -> None:
    assert [path for path in tracked() if path == name or path.startswith(f"{name}/")] == []


@pytest.mark.parametrize("name", ["LICENSE", "README.md", "CHANGELOG.md", "requirements.lock", "docs/architecture.md"])
def test_what_everybody_looks_for_is_there(name: str) -> None:
    assert len(tracked()[name]) > 200


def test_the_changelog_knows_the_version() -> None:
    project = tomllib.loads(tracked()["pyproject.toml"])["project"]
    assert project["version"] == provision.__version__
    assert re.search(rf"^## \[?{re.escape(project['version'])}\]?", tracked()["CHANGELOG.md"], re.MULTILINE)
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in tracked()["LICENSE"]
