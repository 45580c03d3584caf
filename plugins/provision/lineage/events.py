"""記録から事象へ: an entry of the log as an OpenLineage run event (specification 2-0-2), or none.

intake.<source>                received/<source>  ->  store/<source>          one run a batch
make.<plan>                    store/<source> …   ->  release/<plan>          one run a release
deliver.<recipient>.<channel>  release/<plan>     ->  recipient/<recipient>   one run an attempt
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import provision
from provision.ledger.entry import Entry
from provision.ledger.reading import LedgerReader

_SPEC = "https://openlineage.io/spec"
PRODUCER = f"urn:tokumei:{provision.__version__}"
Event = dict[str, Any]


def event(ledger: LedgerReader, entry: Entry, namespace: str) -> Event | None:
    """What an entry says about lineage; None where it says nothing."""
    kind, _, what = entry.type.partition(".")
    state = _STATES.get(kind, {}).get(what)
    if state is None:
        return None
    run, job, inputs, outputs = _MAKERS[kind](ledger, entry, _Names(namespace))
    return {
        "eventType": state, "eventTime": entry.at, "producer": PRODUCER,
        "schemaURL": f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(uuid5(NAMESPACE_URL, f"{PRODUCER.rpartition(':')[0]}:{namespace}:{run}"))},
        "job": {"namespace": namespace, "name": job, "facets": {"jobType": _job_type()}},
        "inputs": inputs, "outputs": outputs if state == "COMPLETE" else [],
    }  # fmt: skip


#: Kind of subject -> what happened -> type of the event.
_STATES: Mapping[str, Mapping[str, str]] = {
    "batch": {"received": "START", "accepted": "COMPLETE", "quarantined": "FAIL"},
    "release": {"drafted": "START", "made": "COMPLETE"},
    "delivery": {"attempting": "START", "handed_over": "COMPLETE", "failed": "FAIL", "unknown": "OTHER"},
}


class _Names:
    """Datasets of one namespace."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace

    def dataset(self, name: str, version: str = "") -> dict[str, Any]:
        """One dataset, and which version of it."""
        facets = {"version": _facet("DatasetVersionDatasetFacet", "1-0-1", datasetVersion=version)} if version else {}
        return {"namespace": self.namespace, "name": name, "facets": facets}

    def written(self, name: str, version: str, rows: int) -> dict[str, Any]:
        """One that was written, with so many rows."""
        counted = _facet("OutputStatisticsOutputDatasetFacet", "1-0-2", rowCount=rows)
        return {**self.dataset(name, version), "outputFacets": {"outputStatistics": counted}}


Made = tuple[str, str, list[dict[str, Any]], list[dict[str, Any]]]


def _batch(ledger: LedgerReader, entry: Entry, names: _Names) -> Made:
    batch, source = entry.subjects["batch"], entry.subjects["source"]
    rows = int(str(entry.payload.get("rows_out", 0)))
    taken = [names.written(f"store/{source}", batch, rows)]
    return batch, f"intake.{source}", [names.dataset(f"received/{source}", batch)], taken


def _release(ledger: LedgerReader, entry: Entry, names: _Names) -> Made:
    release, plan = entry.subjects["release"], entry.subjects["plan"]
    drafted = next(iter(ledger.entries(type="release.drafted", kind="release", subject=release)))
    inputs = [names.dataset(f"store/{source}") for source in drafted.payload["sources"]]
    rows = sum(int(count) for count in entry.payload.get("tables", {}).values())
    return release, f"make.{plan}", inputs, [names.written(f"release/{plan}", release, rows)]


def _delivery(ledger: LedgerReader, entry: Entry, names: _Names) -> Made:
    order = entry.subjects["delivery"]
    ordered = next(iter(ledger.entries(type="delivery.ordered", kind="delivery", subject=order)))
    release, recipient = ordered.subjects["release"], ordered.subjects["recipient"]
    plan = next(iter(ledger.entries(type="release.drafted", kind="release", subject=release))).subjects["plan"]
    attempts = ledger.entries(type="delivery.attempting", kind="delivery", subject=order)
    number = sum(one.seq <= entry.seq for one in attempts)
    job = f"deliver.{recipient}.{ordered.payload['channel']}"
    inputs = [names.dataset(f"release/{plan}", release)]
    return f"{order}/{number}", job, inputs, [names.dataset(f"recipient/{recipient}", release)]


_MAKERS: Mapping[str, Callable[[LedgerReader, Entry, _Names], Made]] = {
    "batch": _batch, "release": _release, "delivery": _delivery,
}  # fmt: skip


def _job_type() -> dict[str, Any]:
    return _facet("JobTypeJobFacet", "2-0-4", processingType="BATCH", integration="TOKUMEI", jobType="JOB")


def _facet(name: str, version: str, **values: object) -> dict[str, Any]:
    return {"_producer": PRODUCER, "_schemaURL": f"{_SPEC}/facets/{version}/{name}.json#/$defs/{name}", **values}
