"""What `bench_gate` measures, each in a process of its own: the gate, a plain Polars pass, the suite on full pandas.

All three read the same Parquet file and judge the same 25 columns; imports are made before the clock starts. The gate
also verifies the bag, counts k over people and reads what is not in cells.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from expectations.contract import CodeList, ColumnContract, Contract, Form, NumberRange, PeopleContract, TableContract
from provision.packaging.bag import close_bag

NAME = "claims"
#: name -> number of codes; ICD-like and drug codes are drawn unevenly, as in claims.
CODES = {"sex": 2, "age_band": 19, "prefecture": 47, "claim_type": 12, "main_disease": 2, "outcome": 6, "care_level": 8,
         "ward": 40, "category": 90, "unit": 30, "copay": 5, "relation": 2, "benefit": 4}  # fmt: skip
MONTH = "[0-9]{4}-(?:0[1-9]|1[0-2])"
FORMS = {"service_month": MONTH, "start_month": MONTH, "zip3": "[0-9]{3}", "insurer": "[0-9]{6}|[0-9]{8}",
         "disease_code": "[A-Z][0-9]{2}[0-9A-Z]{0,2}", "drug_code": "[0-9]{9}"}  # fmt: skip
RANGES = {"points": (0, 99_999), "times": (1, 99), "days": (0, 31)}
QUASI = ("age_band", "sex", "prefecture")


def contract(rows: int) -> Contract:
    """Every column has a closed domain, as in a release; nothing is free text."""
    columns = [ColumnContract("person_number", "integer", NumberRange(Decimal(1), Decimal(rows)))]
    columns.append(ColumnContract("claim_number", "integer", NumberRange(Decimal(1), Decimal(rows))))
    columns += [ColumnContract(n, "string", CodeList(n, frozenset(_codes(n)))) for n in CODES]
    columns += [ColumnContract(n, "string", Form(n, pattern)) for n, pattern in FORMS.items()]
    columns += [ColumnContract(n, "integer", NumberRange(*map(Decimal, ends))) for n, ends in RANGES.items()]
    columns.append(ColumnContract("bmi", "decimal", NumberRange(Decimal(5), Decimal(80), Decimal("0.1"))))
    people = PeopleContract(NAME, QUASI, "person_number", 5)
    return Contract("bench", (TableContract(NAME, tuple(columns), rows, ("parquet",)),), (), people)


def _codes(name: str) -> list[str]:
    return [f"{i:02d}" for i in range(CODES[name])]


def make(folder: Path, rows: int, seed: int = 7) -> str:
    """Write the payload's bag below `folder`; gives its digest."""
    (folder / "data/tables").mkdir(parents=True)
    frame(rows, seed).write_parquet(folder / f"data/tables/{NAME}.parquet", compression="zstd", statistics=False)
    return close_bag(folder, {"External-Identifier": "bench"})


def made(folder: str, rows: str) -> dict[str, Any]:
    """As `make`, for a process of its own."""
    return {"digest": make(Path(folder), int(rows))}


def frame(rows: int, seed: int) -> pl.DataFrame:
    """Rows of ten claims a person; a person's quasi-identifiers are the same everywhere."""
    random = np.random.default_rng(seed)
    people = max(1, rows // 10)
    person = random.integers(0, people, rows)
    cells = {
        "person_number": pl.Series(person + 1),
        "claim_number": pl.Series(random.permutation(rows) + 1),
    }
    for name in CODES:
        chosen = (
            random.integers(0, CODES[name], people)[person] if name in QUASI else random.integers(0, CODES[name], rows)
        )
        cells[name] = _taken(_codes(name), chosen)
    months = [f"{2020 + i // 12}-{i % 12 + 1:02d}" for i in range(60)]
    words = {
        "service_month": months, "start_month": months, "zip3": [f"{i:03d}" for i in range(1000)],
        "insurer": [f"{130000 + i}" for i in range(1500)],
        "disease_code": [f"{chr(65 + i // 1000 % 26)}{i // 10 % 100:02d}{i % 10}" for i in range(8000)],
        "drug_code": [f"{600000000 + i * 37}" for i in range(20_000)],
    }  # fmt: skip
    for name in FORMS:
        cells[name] = _taken(words[name], (len(words[name]) * random.random(rows) ** 3).astype(np.int64))
    for name, (low, high) in RANGES.items():
        cells[name] = pl.Series(random.integers(low, high, rows, endpoint=True))
    tenths = pl.Series(random.integers(120, 450, rows))
    cells["bmi"] = (tenths.cast(pl.Decimal(10, 1)) / 10).cast(pl.Decimal(10, 1))
    columns = [column.name for column in contract(rows).tables[0].columns]
    return pl.DataFrame(cells).select(columns)


def _taken(words: list[str], chosen: Any) -> pl.Series:
    return pl.Series(words).gather(pl.Series(chosen))


def gate(folder: str, rows: str, digest: str) -> dict[str, Any]:
    """The whole examination."""
    import pandas as pd

    from expectations.gate import examine
    from expectations.suite import Suite, Wanted

    Suite().evaluate(
        pd.DataFrame({"value": ["1"]}), [Wanted("ExpectColumnValuesToBeInSet", {"column": "value", "value_set": ["1"]})]
    )
    agreed = contract(int(rows))
    found = _timed(lambda: examine(Path(folder), agreed, digest=digest, known=None))
    verdict = found.pop("result")
    return {**found, "passed": verdict.passed, "expectations": len(verdict.findings)}


def plain(folder: str, rows: str, digest: str) -> dict[str, Any]:
    """The same domains as one lazy Polars pass: regular expressions and memberships over all cells, nothing else."""
    checks = [_check(column) for column in contract(int(rows)).tables[0].columns]
    scan = pl.scan_parquet(Path(folder, f"data/tables/{NAME}.parquet"))
    found = _timed(lambda: scan.select(checks).collect(engine="streaming").row(0))
    passed = all(found.pop("result"))
    return {**found, "passed": passed}


def _check(column: ColumnContract) -> pl.Expr:
    """Numbers are matched as text, too: that is how the gate reads them."""
    text, domain = pl.col(column.name).cast(pl.String), column.domain
    if isinstance(domain, CodeList):
        return text.is_in(sorted(domain.codes)).all()
    if isinstance(domain, Form):
        return text.str.contains(rf"^(?:{domain.pattern})$").all()
    assert isinstance(domain, NumberRange)
    inside = pl.col(column.name).is_between(pl.lit(domain.low), pl.lit(domain.high))
    return (text.str.contains(rf"^(?:{domain.shape.pattern})$") & inside).all().alias(column.name)


def pandas(folder: str, rows: str, digest: str) -> dict[str, Any]:
    """The same suite as Great Expectations runs it on the whole table in pandas, with its built-in expectations."""
    import great_expectations as gx
    import pandas as pd

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("bench").add_dataframe_asset("table")
    batch_of = asset.add_batch_definition_whole_dataframe("all")
    columns = contract(int(rows)).tables[0].columns
    suite = gx.ExpectationSuite(name="bench", expectations=[_expectation(gx, column) for column in columns])

    def work() -> Any:
        table = pd.read_parquet(Path(folder, f"data/tables/{NAME}.parquet"))
        batch = batch_of.get_batch(batch_parameters={"dataframe": table})
        groups = table.groupby(list(QUASI))["person_number"].nunique()
        return batch.validate(suite, result_format={"result_format": "BOOLEAN_ONLY"}).success and groups.min() >= 5

    found = _timed(work)
    passed = bool(found.pop("result"))
    return {**found, "passed": passed}


def _expectation(gx: Any, column: ColumnContract) -> Any:
    domain = column.domain
    if isinstance(domain, CodeList):
        return gx.expectations.ExpectColumnValuesToBeInSet(column=column.name, value_set=sorted(domain.codes))
    if isinstance(domain, Form):
        return gx.expectations.ExpectColumnValuesToMatchRegex(column=column.name, regex=rf"^(?:{domain.pattern})$")
    assert isinstance(domain, NumberRange)
    as_it_is = Decimal if column.dtype == "decimal" else int
    ends = {"min_value": as_it_is(domain.low), "max_value": as_it_is(domain.high)}
    return gx.expectations.ExpectColumnValuesToBeBetween(column=column.name, **ends)


def _timed(work: Callable[[], Any]) -> dict[str, Any]:
    began, cpu = time.perf_counter(), time.process_time()
    result = work()
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"result": result, "seconds": seconds, "cpu": used, "peak_mb": peak}


def told(found: dict[str, Any]) -> str:
    """For the process that asked."""
    return json.dumps(found)
