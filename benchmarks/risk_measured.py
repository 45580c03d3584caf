"""What `bench_risk` measures, one function per process: ours, the plain numpy search, the large table, a small one."""

from __future__ import annotations

import itertools
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from anonymization.risk.assessing import assess
from anonymization.risk.larger import assess_larger
from anonymization.risk.requirements import KAnonymity
from anonymization.risk.search.coding import problem
from anonymization.risk.search.generalising import Generalised, generalise
from anonymization.risk.search.hierarchy import Hierarchy
from anonymization.risk.search.metrics import metric
from anonymization.risk.search.problem import Problem
from benchmarks.bench_risk import QUASI, timed

#: The shape of Adult: sizes of the levels of each hierarchy, the values first. 12,960 nodes.
SHAPE = ((2, 1), (100, 20, 10, 5, 1), (5, 1), (7, 2, 1), (16, 5, 3, 1), (41, 5, 1), (8, 3, 1), (14, 5, 1), (2, 1))
PEOPLE = 30_162


def ours(folder: str) -> dict[str, Any]:
    """Our search, from the table of text to the optimum with its reasons."""
    people, hierarchies = _adult(folder)

    def work() -> Generalised | None:
        return generalise(problem(people, hierarchies, [KAnonymity(5)], limit="0.04"), metric("loss"))

    seconds, found = timed(work)
    return {"seconds": seconds, "loss": found.best.loss, "looked": found.looked}


def numpy_search(folder: str) -> dict[str, Any]:
    """Every node counted: what a careful person writes with numpy. One key per row and node, groups by sorting."""
    people, hierarchies = _adult(folder)
    made = problem(people, hierarchies, [KAnonymity(5)], limit="0.04")
    codes = [made.bottom.codes[n].repeat(made.bottom.count) for n in range(len(hierarchies))]
    seconds, losses = timed(lambda: [_loss(made, hierarchies, codes, node) for node in _nodes(made)])
    return {"seconds": seconds, "loss": min(losses), "looked": len(losses)}


def _nodes(made: Problem) -> list[tuple[int, ...]]:
    return list(itertools.product(*(range(height + 1) for height in made.heights)))


def _loss(made: Problem, hierarchies: Sequence[Hierarchy], codes: Sequence[Any], node: tuple[int, ...]) -> float:
    key = np.zeros(made.people, dtype=np.int64)
    for hierarchy, code, level in zip(hierarchies, codes, node, strict=True):
        key = key * len(hierarchy.labels[level]) + hierarchy.codes[level][code]
    _, group, size = np.unique(key, return_inverse=True, return_counts=True)
    gone = size[group] < 5
    if gone.sum() > made.spare:
        return float("inf")
    costs = []
    for hierarchy, code, level in zip(hierarchies, codes, node, strict=True):
        share = np.where(gone, 1.0, hierarchy.domain_shares[level][hierarchy.codes[level][code]]).mean()
        least = 1.0 / len(hierarchy.rows)
        costs.append((share - least) / (1.0 - least))
    return float(np.prod(np.power(np.array(costs) + 1.0, 1.0 / len(costs))) - 1.0)


def _adult(folder: str) -> tuple[pl.DataFrame, list[Hierarchy]]:
    if not folder:
        return fictitious()
    people = pl.read_csv(Path(folder) / "adult.csv", separator=";", infer_schema=False)
    rows = {
        name: pl.read_csv(
            Path(folder) / f"adult_hierarchy_{name}.csv", separator=";", has_header=False, infer_schema=False
        )
        for name in people.columns
    }
    return people, [Hierarchy(name, tuple(frame.rows())) for name, frame in rows.items()]


def fictitious(people: int = PEOPLE, seed: int = 1) -> tuple[pl.DataFrame, list[Hierarchy]]:
    """A fictitious table of the shape of Adult: uneven, columns independent."""
    chance = np.random.default_rng(seed)
    hierarchies = [_hierarchy(f"c{n}", sizes) for n, sizes in enumerate(SHAPE)]
    table = {}
    for hierarchy, sizes in zip(hierarchies, SHAPE, strict=True):
        weight = 1.0 / np.arange(1, sizes[0] + 1) ** 1.3
        table[hierarchy.column] = [f"0:{v}" for v in chance.choice(sizes[0], people, p=weight / weight.sum())]
    return pl.DataFrame(table), hierarchies


def _hierarchy(column: str, sizes: Sequence[int]) -> Hierarchy:
    rows = []
    for value in range(sizes[0]):
        labels, code = [f"0:{value}"], value
        for level, (below, above) in enumerate(itertools.pairwise(sizes), 1):
            code = code * above // below
            labels.append(f"{level}:{code}")
        rows.append(tuple(labels))
    return Hierarchy(column, tuple(rows))


def large(millions: str, memory: str, folder: str) -> dict[str, Any]:
    """k, l and t of a large table that lies in a Parquet file; DuckDB may use `memory` and spills beside it."""
    import duckdb

    rows, path = int(millions) * 1_000_000, Path(folder) / f"risk-{millions}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as spill:
        settings = {"memory_limit": memory, "temp_directory": spill, "threads": "2",
                    "preserve_insertion_order": "false"}  # fmt: skip
        with duckdb.connect(":memory:", config=settings) as connection:
            if not path.exists():
                connection.execute(f"COPY ({_drawn(rows)}) TO '{path}' (FORMAT parquet)")
            connection.execute(f"CREATE VIEW large AS SELECT * FROM read_parquet('{path}')")
            seconds, found = timed(lambda: assess_larger(connection, "large", list(QUASI), ["disease"]))
    return {"seconds": seconds, "k": found.k, "groups": found.sizes.number, "peak_mb": peak_mb()}


def _drawn(rows: int) -> str:
    """A query that draws a fictitious table; uneven, the same on every machine."""
    columns = [
        f"(pow((hash(i, {n}) % 1000003) / 1000003.0, 2) * {size})::INTEGER::VARCHAR AS {name}"
        for n, (name, size) in enumerate(QUASI.items())
    ]
    disease = "(pow((hash(i, 99) % 1000003) / 1000003.0, 3) * 300)::INTEGER::VARCHAR AS disease"
    return f"SELECT {', '.join([*columns, disease])} FROM range({rows}) r(i)"


def beside(path: str) -> dict[str, Any]:
    """The figures of a small table (made where it is missing): 18,203 rows of six quasi-identifiers, as pyCANON's."""
    file = Path(path)
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        fictitious(18_203)[0].select("c1", "c4", "c7", "c3", "c0", "c5", "c8").write_csv(file)
    table = pl.read_csv(file, infer_schema=False)
    seconds, _ = timed(lambda: assess(table, table.columns[:6], table.columns[6:]))
    return {"seconds": seconds, "rows": table.height}


def peak_mb() -> float:
    """Most memory this process ever had, in MB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+([0-9]+) kB", status)
    return int(found[1]) / 1000 if found else 0.0
