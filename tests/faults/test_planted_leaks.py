"""An identifier of any kind, planted while a release is made, stops it: the verdict names place and kind, no value."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from expectations.identifiers import Identifier, Strength, all_kinds
from provision import approvals, releasing
from provision.context import Context
from provision.errors import GateStopped, Refused
from provision.packaging import payload
from provision.packaging.notice import README
from provision.releasing import making
from provision.sampledata.leaks import identifying_values
from tests.support.releases import fill_store, opened, write_config

PLAN = "claims-for-university"
TABLE, COLUMN = "diagnosis", "disease_code"
PLACE = f"{TABLE}.{COLUMN} (parquet)"
KINDS = {kind.id: kind for kind in all_kinds()}


def sample(kind: Identifier) -> str:
    """A text of the kind's own examples that stops a release in a cell of the column and on a line of a document."""
    for example in kind.must_match:
        for text in (example.text, f"{example.context}：{example.text}"):
            found = [kind.find(text, context) or Strength.WEAK for context in (COLUMN, "")]
            if min(found) >= max(Strength.LIKELY, kind.documents_at) and not set(text) & set("/\n\0"):
                return text
    raise AssertionError(f"{kind.id} has no example that stops by itself")


SAMPLES = {name: sample(kind) for name, kind in KINDS.items()}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = Path(tmp_path_factory.mktemp("leaks"))
    write_config(base / "config")
    fill_store(base / "config", base / "home", base / "world", people=900)
    return base


@pytest.fixture
def context(world: Path) -> Iterator[Context]:
    with opened(world / "config", world / "home") as context:
        yield context


def in_cells(monkeypatch: pytest.MonkeyPatch, texts: list[str]) -> None:
    """Put the texts into the first rows of the column, after everything that makes tables anonymous."""
    make_tables = making.make_tables

    def planted(*arguments: Any) -> dict[str, pl.DataFrame]:
        frames = make_tables(*arguments)
        frame = frames[TABLE]
        assert frame.height > len(texts)
        cells = pl.Series(COLUMN, [*texts, *frame[COLUMN].to_list()[len(texts) :]], dtype=pl.String)
        return frames | {TABLE: frame.with_columns(cells)}

    monkeypatch.setattr(making, "make_tables", planted)


def in_readme(monkeypatch: pytest.MonkeyPatch, texts: list[str]) -> None:
    """Put the texts at the end of the document every recipient reads, one a line."""
    readme = payload.readme
    monkeypatch.setattr(payload, "readme", lambda *arguments: readme(*arguments) + "\n".join(["", *texts, ""]))


def in_file_names(monkeypatch: pytest.MonkeyPatch, texts: list[str]) -> None:
    """Add empty files of these names to the payload."""
    close_bag = payload.close_bag

    def planted(bag: Path, info: Mapping[str, str]) -> str:
        for text in texts:
            (bag / "data" / f"{text}.txt").write_text("\n", encoding="utf-8")
        return close_bag(bag, info)

    monkeypatch.setattr(payload, "close_bag", planted)


def stopped(context: Context, run: str, texts: list[str]) -> set[tuple[str, str]]:
    """Make and gate a release that must stop for good; gives (place, kind) of the verdict's failures."""
    release = releasing.draft(context, PLAN, run, actor="test")
    digest = str(releasing.make(context, release, actor="test")["digest"])
    for _ in range(2):
        with pytest.raises(GateStopped) as stop:
            releasing.gate(context, release, actor="test")
        assert not any(text in str(stop.value) for text in texts)
    assert context.ledger.state("release", release) == "rejected"
    assert release not in {asked.release for asked in approvals.pending(context)}
    for forbidden in _everything_after(context, release, digest):
        with pytest.raises(Refused):
            forbidden()
    assert context.ledger.state("release", release) == "rejected"
    (entry,) = context.ledger.entries(type="release.rejected", kind="release", subject=release)
    kept = (context.zones.release(release) / "verdict.json").read_text(encoding="utf-8")
    for said in (kept, json.dumps(entry.payload, ensure_ascii=False)):
        assert not any(text in said for text in texts)
    return {(failure["where"], failure["kind"]) for failure in entry.payload["verdict"]["failures"]}


def _everything_after(context: Context, release: str, digest: str) -> list[Callable[[], object]]:
    return [
        lambda: approvals.decide(context, release, login="officer1", digest=digest, approve=True, reason="x"),
        lambda: releasing.publish(context, release, actor="test"),
        lambda: releasing.deliver(context, release, actor="test"),
    ]


def test_without_a_leak_the_same_release_passes(context: Context) -> None:
    release = releasing.draft(context, PLAN, "clean", actor="test")
    releasing.make(context, release, actor="test")
    assert releasing.gate(context, release, actor="test")["passed"] is True
    assert [asked.release for asked in approvals.pending(context)] == [release]


def test_every_kind_in_cells_is_named_with_its_column(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    in_cells(monkeypatch, list(SAMPLES.values()))
    found = stopped(context, "cells", list(SAMPLES.values()))
    assert {kind for place, kind in found if place == PLACE} >= KINDS.keys() | {"domain"}
    assert {place for place, _ in found} == {PLACE}


def test_every_kind_in_a_document_is_named_with_it(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    in_readme(monkeypatch, list(SAMPLES.values()))
    found = stopped(context, "document", list(SAMPLES.values()))
    assert {kind for place, kind in found if place == f"data/{README}"} >= KINDS.keys()
    assert {place for place, _ in found} == {f"data/{README}"}


def test_every_kind_in_a_file_name_is_named(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    in_file_names(monkeypatch, list(SAMPLES.values()))
    found = stopped(context, "names", list(SAMPLES.values()))
    assert {kind for place, kind in found if place.startswith("unknown file")} >= KINDS.keys() | {"files"}


def test_a_person_of_the_sources_is_known_wherever_they_stand(
    world: Path, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chart numbers look like any number: only the fingerprints kept at intake know them."""
    chart = next(v for kind, v in identifying_values(world / "world" / "truth") if kind == "chart" and ":" in v)
    in_cells(monkeypatch, [chart])
    assert (PLACE, "known_value") in stopped(context, "known", [chart])


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", sorted(KINDS)[::3])
def test_each_kind_alone_stops_the_release(context: Context, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    in_cells(monkeypatch, [SAMPLES[kind]])
    assert (PLACE, kind) in stopped(context, f"alone-{kind}", [SAMPLES[kind]])
