"""Spoiled files of one format, one after another, read in a child process with a time limit and a memory limit."""

from __future__ import annotations

import json
import random
import select
import struct
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import IO

from provision.formats import formats
from tests.fuzz.mutations import mutate
from tests.fuzz.reading import names_in
from tests.fuzz.seeds import seeds

#: Seconds that one file of at most 8 MiB may take.
TIME = 30.0
#: Megabytes that the child may grow above what reading the good files took.
GROWTH_MB = 400
#: A format is left alone after so many findings: the rest would be the same.
ENOUGH = 20


@dataclass(frozen=True)
class Finding:
    """A file that did not end well, and how."""

    format: str
    seed: int
    number: int
    end: str  # crash, leak, named, hang, died, memory
    rule: str
    text: str
    data: bytes = field(repr=False)


@dataclass
class Result:
    """Counts of one campaign."""

    runs: int = 0
    parsed: int = 0
    refused: int = 0
    rules: set[str] = field(default_factory=set)
    start_mb: int = 0
    peak_mb: int = 0
    findings: list[Finding] = field(default_factory=list)


class Child:
    """The process that reads; a new one is started where it hung or died."""

    def __init__(self, command: list[str]) -> None:
        self.command = command
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, data: bytes, *, dribble: bool, seconds: float) -> dict[str, object]:
        """How reading `data` ended; ``hang`` where it took longer than `seconds`, ``died`` where nothing came back."""
        process = self._running()
        entered, answers = _pipe(process.stdin), _pipe(process.stdout)
        try:
            entered.write(struct.pack(">I?", len(data), dribble) + data)
            entered.flush()
            ready, _, _ = select.select([answers], [], [], seconds)
            line = answers.readline() if ready else None
        except BrokenPipeError:
            line = b""
        if line:
            return dict(json.loads(line))
        code = None if line is None else process.wait(10)
        self.end()
        if line is None:
            return {"end": "hang", "rule": "time", "text": f"no end after {seconds:g} s", "peak_mb": 0}
        return {"end": "died", "rule": "process", "text": f"ended with {code}", "peak_mb": 0}

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self.process

    def end(self) -> None:
        """End the process, if any."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def spoiled(format_id: str, seed: int, number: int) -> tuple[bytes, bool]:
    """Input `number` of a campaign, and whether it comes in small pieces: a function of these three alone."""
    rng = random.Random(f"{format_id}/{seed}/{number}")
    return mutate(rng.choice(seeds(format_id)), rng), rng.random() < 0.2


def campaign(format_id: str, seed: int, seconds: float, module: str = "") -> Result:
    """Read spoiled files for so many seconds; the good ones first, which must be taken. A format that only tests have
    comes from `module`, whose `registered` makes it known."""
    source, result = formats()[format_id], Result()
    good = seeds(format_id)
    names = sorted({name for data in good for name in names_in(source, data)}) if format_id != "dpc-k" else []
    child = Child([sys.executable, "-m", "tests.fuzz.reading", format_id, json.dumps(names), *filter(None, [module])])
    try:
        for number, data in enumerate(good, -len(good)):
            answer = child.ask(data, dribble=False, seconds=TIME * 2)
            if answer["end"] != ("refused" if format_id == "dpc-k" else "parsed"):
                _note(result, answer, (format_id, seed, number), data, "good")
            result.start_mb = result.peak_mb = int(str(answer["peak_mb"]))
        until = time.monotonic() + seconds
        while time.monotonic() < until and len(result.findings) < ENOUGH:
            data, dribble = spoiled(format_id, seed, result.runs)
            _count(result, child.ask(data, dribble=dribble, seconds=TIME), (format_id, seed, result.runs), data)
    finally:
        child.end()
    return result


def _count(result: Result, answer: dict[str, object], where: tuple[str, int, int], data: bytes) -> None:
    result.runs += 1
    if answer["end"] == "parsed":
        result.parsed += 1
    elif answer["end"] in {"refused", "passed"}:
        result.refused += 1
        result.rules.add(str(answer["rule"]))
    else:
        _note(result, answer, where, data, str(answer["end"]))
    peak = int(str(answer["peak_mb"]))
    if peak > max(result.peak_mb, result.start_mb + GROWTH_MB):
        _note(result, {"rule": "peak", "text": f"{peak} MB"}, where, data, "memory")
    result.peak_mb = max(result.peak_mb, peak)


def _note(result: Result, answer: dict[str, object], where: tuple[str, int, int], data: bytes, end: str) -> None:
    result.findings.append(Finding(*where, end, str(answer["rule"]), str(answer["text"]), data))
