"""Clean worlds: payloads in which nobody is named must pass, and so must sentences full of names of diseases."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from random import Random

from benchmarks.leak_matrix.draft import Draft, write
from benchmarks.leak_matrix.known import index, people
from benchmarks.leak_matrix.sentences import sentence
from expectations.gate import examine
from expectations.identifiers import Strength, find_all

PROJECT = Path(__file__).parents[2]
_MONTHS = ["2025-04"]


def made_up_world(seed: int, rows: int = 150) -> list[str]:
    """What stops a clean payload of the matrix's own, as place and kind: nothing, if the gate is right."""
    draft = Draft(seed, rows=rows)
    with tempfile.TemporaryDirectory() as folder:
        known = index(people(seed), Path(folder))
        contract, digest = write(draft, Path(folder) / "bag")
        verdict = examine(Path(folder) / "bag", contract, digest=digest, known=known)
    return [f"{one.where}: {one.kind or one.expectation} ({one.rows_failing})" for one in verdict.failures]


def released_world(seed: int, folder: Path, size: int = 3000) -> list[str] | None:
    """What stops the release of one plan (by turns) of a fictitious world that the platform itself received, made and
    gated; None where people in it are too few for the plan's k, so that there is nothing to gate."""
    from provision import intake, releasing
    from provision.context import open_context
    from provision.errors import GateStopped, Refused
    from provision.sampledata.world import write_world

    plans = _configuration(folder / "config")
    write_world(folder / "world", seed=seed, people=size, months=_MONTHS)
    context = open_context(folder=folder / "config", home=folder / "home")
    with context.ledger:
        for sender in sorted((folder / "world" / "senders").iterdir()):
            shutil.copytree(sender, context.zones.inbox(sender.name), dirs_exist_ok=True)
            for batch in intake.receive(context, sender.name, actor="leak-matrix"):
                intake.take_in(context, batch, actor="leak-matrix")
        release = releasing.draft(context, plans[seed % len(plans)], f"clean-{seed}", actor="leak-matrix")
        try:
            releasing.make(context, release, actor="leak-matrix")
        except Refused:
            return None
        try:
            releasing.gate(context, release, actor="leak-matrix")
        except GateStopped as stop:
            return [str(stop)]
    return []


def _configuration(folder: Path) -> list[str]:
    """The example configuration with keys of nobody and, for small worlds, the most people left out that it allows;
    gives the plans by id."""
    import pyrage

    shutil.copytree(PROJECT / "config", folder)
    key = str(pyrage.x25519.Identity.generate().to_public())
    for path in [
        *(folder / "recipients").glob("*.yaml"),
        folder / "platform.yaml",
        *(folder / "releases").glob("*.yaml"),
    ]:
        text = re.sub("age1[a-z0-9]+", key, path.read_text("utf-8"))
        path.write_text(text.replace("suppression_limit: 0.1\n", "suppression_limit: 0.2\n"), "utf-8")
    return sorted(path.stem for path in (folder / "releases").glob("*.yaml"))


def clinical(seed: int, count: int) -> list[str]:
    """That many clean clinical sentences of the matrix's own."""
    draw = Random(f"clinical {seed}")
    return [sentence(draw) for _ in range(count)]


def false_stops(sentences: Iterable[str]) -> list[tuple[str, str]]:
    """Sentences a release would stop for, with the kind they are taken for."""
    found = ((one, find_all(one)) for one in sentences)
    return [(one, kind) for one, kinds in found for kind, strength in kinds.items() if strength >= Strength.LIKELY]
