"""What `bench_risk` measures of trails: a large table of events, and two releases of the same people, each alone."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from anonymization.risk.attacks.linking import between
from anonymization.risk.attacks.measuring import attacks
from anonymization.risk.trails.counting import trail_risk
from anonymization.risk.trails.events import columns
from benchmarks.bench_risk import timed
from benchmarks.risk_measured import PEOPLE, peak_mb
from provision.releasing.tables import Numbering

#: Columns of the events: number of values; how unevenly they come.
EVENTS = {"month": (24, 1), "facility": (400, 2), "disease": (600, 3)}
#: What the people of two releases show.
ATTRIBUTES = {"age": 19, "sex": 2, "prefecture": 47}


def trails(millions: str, memory: str, folder: str) -> dict[str, Any]:
    """Trail risk of a large table of events, by month, facility and disease and by month and disease, and attacks."""
    import duckdb

    events, path = int(millions) * 1_000_000, Path(folder) / f"events-{millions}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as spill:
        settings = {"memory_limit": memory, "temp_directory": spill, "threads": "2",
                    "preserve_insertion_order": "false"}  # fmt: skip
        with duckdb.connect(":memory:", config=settings) as connection:
            if not path.exists():
                connection.execute(f"COPY ({_lived(events)}) TO '{path}' (FORMAT parquet)")
            connection.execute(f"CREATE VIEW events AS SELECT * FROM read_parquet('{path}')")
            asked = [list(EVENTS), ["month", "disease"]]
            found = [timed(partial(trail_risk, connection, "events", "person", columns(one))) for one in asked]
            whole = columns(list(EVENTS))
            attack = timed(lambda: attacks(connection, "events", "person", ["age", "sex"], ["disease"], events=whole))
    return {
        "events": [", ".join(one) for one in asked], "seconds": [seconds for seconds, _ in found],
        "trail": [trail.figures() for _, trail in found], "attacked": attack[0], "attacks": attack[1].figures(),
        "peak_mb": peak_mb(),
    }  # fmt: skip


def _lived(events: int) -> str:
    """A query that draws events of a twelfth as many fictitious people, some of whom are ill more often."""
    person = f"(pow((hash(i, 98) % 1000003) / 1000003.0, 1.3) * {events // 12})::INTEGER"
    cells = [
        f"(pow((hash(i, {n}) % 1000003) / 1000003.0, {power}) * {size})::INTEGER::VARCHAR AS {name}"
        for n, (name, (size, power)) in enumerate(EVENTS.items())
    ]
    of_person = ["(hash(p, 1) % 19)::VARCHAR AS age", "(hash(p, 2) % 2)::VARCHAR AS sex"]
    drawn = f"SELECT {person} AS p, {', '.join(cells)} FROM range({events}) r(i)"
    return f"SELECT p::VARCHAR AS person, {', '.join([*EVENTS, *of_person])} FROM ({drawn})"


def linked() -> dict[str, Any]:
    """Two releases of the same fictitious people, numbered and shuffled as releases are."""
    chance = np.random.default_rng(3)
    heads = pl.DataFrame({"person": range(PEOPLE), "batch": "B", "dataset": "D", "claim_no": range(PEOPLE)})
    said = [pl.Series(name, chance.integers(0, size, PEOPLE)) for name, size in ATTRIBUTES.items()]
    people = heads.select("person").with_columns(said)
    one, other = (_released(heads, people) for _ in range(2))
    found = between(one, other, truth="person", number="person_number", attributes=list(ATTRIBUTES))
    return {how: link.figures() for how, link in found.items()}


def _released(heads: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    numbering = Numbering(heads)
    return numbering.shuffled(people.join(numbering.people, on="person"), "people")
