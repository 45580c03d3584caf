"""Processes as tests need them: a plain environment, a child that is killed at a moment, and what is left over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]


def plain_environment() -> dict[str, str]:
    """The environment without what the test session set for Airflow and for us."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "TOKUMEI_", "PYTEST_", "COV_"))}


def with_mark(mark: str, *words: str) -> list[str]:
    """Command lines of the living processes that have the mark in their environment or a word in their command."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue  # it ended while we looked, or is another user's
        if state != "Z" and (mark.encode() in environment or any(word in command for word in words)):
            found.append(command.strip())
    return found


@dataclass(frozen=True)
class Ended:
    """How a step ended. `status` is -9 where it was killed; `said` is its JSON, empty where it said nothing."""

    status: int
    said: dict[str, Any]
    errors: str
    seconds: float

    @property
    def killed(self) -> bool:
        return self.status == -signal.SIGKILL


@dataclass(frozen=True)
class Stage:
    """Where steps run: configuration, zones, a folder that is both TMPDIR and working directory, connections."""

    folder: Path
    config: Path
    connections: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def scratch(self) -> Path:
        return self.folder / "scratch"

    def step(self, step: str, subject: str, *, mark: str = "", after: float | None = None) -> Ended:
        """Run one step to its end, to its `mark`, or for `after` seconds from its beginning; then kill -9."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        environment = plain_environment() | {
            **{"TOKUMEI_HOME": str(self.home), "TOKUMEI_CONFIG": str(self.config), "TMPDIR": str(self.scratch)},
            **{"POLARS_TEMP_DIR": str(self.scratch), "PYTHONPATH": f"{PROJECT}:{PROJECT / 'plugins'}", "KILL_AT": mark},
            **{f"AIRFLOW_CONN_{name.upper()}": text for name, text in self.connections.items()},
        }
        command = [sys.executable, "-m", "tests.support.killable", step, subject]
        pipe = subprocess.PIPE  # without a buffer, so that `communicate` gets everything after the first line
        with subprocess.Popen(command, cwd=self.scratch, env=environment, stdout=pipe, stderr=pipe, bufsize=0) as child:
            assert child.stdout is not None
            ready = child.stdout.readline()
            began = time.monotonic()
            if after is not None and ready:
                time.sleep(after)
                child.kill()
            output, errors = child.communicate(timeout=240)
        assert ready == b"ready\n", errors.decode()
        said = json.loads(output) if output.strip() else {}
        return Ended(child.returncode, said, errors.decode(), time.monotonic() - began)
