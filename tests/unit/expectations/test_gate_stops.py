"""Everything that is not exactly what the contract says stops; so does everything that cannot be looked at."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from payloads import CONTRACT, README, ROWS, TABLE, Payload, with_column, with_table

from expectations import columns, suite
from expectations.contract import CodeList, ColumnContract, Contract, Form, PeopleContract
from expectations.gate import examine
from expectations.identifiers import Identifier
from expectations.verdict import Verdict

Make = Callable[..., Payload]
Gate = Callable[..., Verdict]


def kinds(verdict: Verdict) -> set[str]:
    """What failed; a verdict with a failure never passes."""
    assert not verdict.passed
    assert verdict.failures
    return {finding.kind for finding in verdict.failures}


def notes(verdict: Verdict) -> set[str]:
    """Notes of what failed."""
    assert not verdict.passed
    return {finding.note for finding in verdict.failures}


@pytest.mark.parametrize(
    "contract",
    [
        dataclasses.replace(CONTRACT, tables=(), people=None),
        with_table(columns=()),
        with_table(formats=()),
        with_table(rows=0),
        with_table(columns=(TABLE.columns[0], *TABLE.columns)),
        dataclasses.replace(CONTRACT, tables=(TABLE, TABLE)),
        dataclasses.replace(CONTRACT, people=PeopleContract("claims", (), "person", 3)),
        dataclasses.replace(CONTRACT, people=PeopleContract("claims", ("sex",), "nobody", 3)),
        dataclasses.replace(CONTRACT, people=PeopleContract("claims", ("sex",), "person", 0)),
    ],
    ids=[
        "no table",
        "no column",
        "no format",
        "no rows",
        "column twice",
        "table twice",
        "no quasi",
        "no person",
        "k 0",
    ],
)
def test_contract_that_checks_nothing_stops(make: Make, gate: Gate, contract: Contract) -> None:
    assert kinds(gate(make(), contract)) == {"contract"}


def test_empty_table_stops(make: Make, gate: Gate) -> None:
    assert "table.empty" in notes(gate(make(lambda frame: frame.head(0))))


@pytest.mark.parametrize("rows", [ROWS - 1, ROWS + 1])
def test_other_number_of_rows_stops(make: Make, gate: Gate, rows: int) -> None:
    assert "rows" in kinds(gate(make(), with_table(rows=rows)))


def test_extra_missing_and_swapped_columns_stop(make: Make, gate: Gate) -> None:
    payload = make()
    clean = pl.read_parquet(payload.table("parquet"))
    for frame in (
        clean.with_columns(extra=pl.lit("1")),
        clean.drop("zip3"),
        clean.select("sex", pl.exclude("sex")),
    ):
        assert "columns" in kinds(gate(payload.write(frame)))


def test_other_physical_types_stop(make: Make, gate: Gate) -> None:
    payload = make()
    frame = pl.read_parquet(payload.table("parquet")).with_columns(
        pl.col("points").cast(pl.Float64),
        pl.col("bmi").cast(pl.String),
        pl.col("person").cast(pl.Date),
        pl.col("sex").cast(pl.Binary),
        pl.concat_list("zip3"),
        pl.col("note").cast(pl.Categorical),
    )
    frame.write_parquet(payload.table("parquet"))
    verdict = gate(payload.seal())
    found = {f.where.removeprefix("claims."): f.note for f in verdict.failures if f.kind == "type"}
    assert found == {
        "points (parquet)": "refused:double",
        "bmi (parquet)": "string",
        "person (parquet)": "refused:date",
        "sex (parquet)": "refused:binary",
        "zip3 (parquet)": "refused:nested",
    }


def test_a_name_in_a_dictionary_that_no_row_uses_stops(make: Make, gate: Gate) -> None:
    """No reader shows it, and the bytes hold it."""
    payload, secret = make(), "架空太郎"
    table = pq.read_table(payload.table("parquet"))
    cells = table.column("sex").to_pylist()
    coded = pa.DictionaryArray.from_arrays(pa.array([int(cell) for cell in cells]), pa.array([secret, "1", "2"]))
    pq.write_table(table.set_column(1, "sex", coded), payload.table("parquet"), compression="none")
    assert secret.encode() in payload.table("parquet").read_bytes()
    assert pl.read_parquet(payload.table("parquet"))["sex"].cast(pl.String).to_list() == cells
    assert notes(gate(payload.seal(), secrets=(secret,))) == {"parquet.unused_dictionary_value"}
    used = coded.cast(pa.string()).dictionary_encode()
    pq.write_table(table.set_column(1, "sex", used), payload.table("parquet"))
    assert gate(payload.seal()).passed


def test_all_null_column_stops(make: Make, gate: Gate) -> None:
    verdict = gate(make(lambda frame: frame.with_columns(zip3=pl.lit(None, dtype=pl.String))))
    assert {f.expectation for f in verdict.failures} == {"ExpectColumnToHaveValues"}


def test_null_in_a_required_column_stops(make: Make, gate: Gate) -> None:
    sex = pl.when(pl.int_range(pl.len()) == 1).then(None).otherwise("sex").alias("sex")
    assert "null" in kinds(
        gate(make(lambda frame: frame.with_columns(sex)), dataclasses.replace(CONTRACT, people=None))
    )


def test_values_outside_their_domains_stop(make: Make, gate: Gate) -> None:
    """A full-width digit is no digit, a line end is no end, one too many is too many."""
    wrong = {"zip3": ["１００", "1000", "100\n", "10O"], "sex": ["3", " 1", "１"], "points": [100_000, -1]}

    def spoil(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(
            pl.Series(name, [*values, *frame[name].to_list()[len(values) :]]) for name, values in wrong.items()
        )

    verdict = gate(make(spoil), dataclasses.replace(CONTRACT, people=None))
    assert notes(verdict) == {""}
    assert {(f.kind, f.where, f.rows_failing) for f in verdict.failures} == {
        ("domain", f"claims.{name} ({form})", len(values)) for name, values in wrong.items() for form in TABLE.formats
    }


def test_a_number_off_its_step_stops(make: Make, gate: Gate) -> None:
    bmi = (pl.col("bmi") + Decimal("0.05")).cast(pl.Decimal(10, 2))
    assert kinds(gate(make(lambda frame: frame.with_columns(bmi)))) == {"domain"}


def test_k_is_counted_over_people_not_rows(make: Make, gate: Gate) -> None:
    def one_woman(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(person=pl.when(pl.col("sex") == "2").then(pl.lit(2)).otherwise("person"))

    verdict = gate(make(one_woman))
    assert {(f.expectation, f.kind, f.rows_failing) for f in verdict.failures} == {
        ("ExpectPeopleKAnonymityToBeAtLeast", "k", ROWS // 2)
    }


def test_k_over_rows_where_no_person_is_released(make: Make, gate: Gate) -> None:
    payload = make()
    enough = dataclasses.replace(CONTRACT, people=PeopleContract("claims", ("sex",), None, ROWS // 2))
    assert gate(payload, enough).passed
    many = dataclasses.replace(CONTRACT, people=PeopleContract("claims", ("sex",), None, ROWS // 2 + 1))
    assert kinds(gate(payload, many)) == {"k"}


def test_changed_payload_stops(make: Make, gate: Gate) -> None:
    payload = make()
    with payload.table("csv").open("ab") as stream:
        stream.write(b"1,1,100,1,20.0,x\r\n")
    assert notes(gate(payload)) == {"bag.checksum"}


def test_other_payload_than_the_one_with_the_digest_stops(make: Make, gate: Gate) -> None:
    payload = make()
    old = payload.digest
    payload.seal()
    (payload.root / README).write_text("別の文書\n")
    payload.seal()
    assert payload.digest != old
    assert notes(gate(Payload(payload.root, old))) == {"bag.digest"}


def _link(root: Path) -> None:
    (root / "data/link.txt").symlink_to(root / README)


def _hard_link(root: Path) -> None:
    (root / "data/hard.txt").hardlink_to(root / README)


@pytest.mark.parametrize(
    ("spoil", "note"),
    [
        (lambda root: (root / "data/more.txt").write_text("x"), "bag.files_not_as_listed"),
        (lambda root: (root / README).unlink(), "bag.files_not_as_listed"),
        (lambda root: (root / "bagit.txt").unlink(), "bag.tag_files"),
        (lambda root: (root / "more.txt").write_text("x"), "bag.files_not_as_listed"),
        (_link, "bag.link_or_special_file"),
        (_hard_link, "bag.link_or_special_file"),
    ],
    ids=["unlisted", "missing", "no declaration", "unlisted tag file", "symlink", "hard link"],
)
def test_bag_that_is_not_whole_stops(make: Make, gate: Gate, spoil: Callable[[Path], object], note: str) -> None:
    payload = make()
    spoil(payload.root)
    assert notes(gate(payload)) == {note}


def test_listed_but_unknown_file_and_missing_document_stop(make: Make, gate: Gate) -> None:
    payload = make()
    (payload.root / "data/more.txt").write_text("nothing\n")
    verdict = gate(payload.seal())
    assert [(f.where, f.kind) for f in verdict.failures] == [("unknown file 1", "files")]
    (payload.root / "data/more.txt").unlink()
    (payload.root / README).unlink()
    assert "files" in kinds(gate(payload.seal()))


def test_missing_folder_is_a_verdict_not_an_exception(tmp_path: Path) -> None:
    verdict = examine(tmp_path / "nowhere", CONTRACT, digest="0" * 64, known=None)
    assert notes(verdict) == {"bag.not_a_folder"}


@pytest.mark.parametrize("encoding", ["cp932", "utf-16", "euc_jp"])
def test_document_and_csv_in_another_encoding_stop(make: Make, gate: Gate, encoding: str) -> None:
    payload = make()
    for path in (payload.root / README, payload.table("csv")):
        path.write_bytes(path.read_text("utf-8").encode(encoding))
    found = {(f.where, f.kind) for f in gate(payload.seal()).failures}
    assert (README, "format") in found
    assert ("claims (csv)", "format") in found


def test_picture_for_a_document_stops(make: Make, gate: Gate) -> None:
    payload = make()
    (payload.root / README).write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    assert "format" in kinds(gate(payload.seal()))


def test_exception_inside_an_expectation_stops(make: Make, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own count went well, Great Expectations broke: that is a failure, not silence."""
    payload, secret = make(), "090-9999-8888"
    monkeypatch.setattr(columns, "find_each", lambda *_: ())
    monkeypatch.setattr("expectations.outside.find_each", lambda *_: ())

    def broken(*_: object) -> None:
        raise RuntimeError(secret)

    monkeypatch.setattr(Identifier, "find_normal", broken)
    verdict = gate(payload, secrets=(secret,))
    assert notes(verdict) == {"the expectation could not be evaluated"}


def test_exception_in_our_own_count_stops(make: Make, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    payload, secret = make(), "090-9999-8888"

    def broken(*_: object) -> None:
        raise RuntimeError(secret)

    monkeypatch.setattr(Identifier, "find_normal", broken)
    assert notes(gate(payload, secrets=(secret,))) == {"RuntimeError"}


def test_a_panic_of_an_engine_stops(make: Make, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines written in Rust raise what is no `Exception`; being interrupted is something else."""
    payload, secret = make(), "090-9999-8888"

    def broken(*_: object) -> None:
        raise pl.exceptions.PanicException(secret)

    monkeypatch.setattr("expectations.columns.inside", broken)
    assert notes(gate(payload, secrets=(secret,))) == {"PanicException"}

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("expectations.columns.inside", interrupted)
    with pytest.raises(KeyboardInterrupt):
        gate(payload)


def test_disagreement_with_our_own_count_stops(make: Make, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    payload = make()
    real = suite.Suite.evaluate

    def blind(self: suite.Suite, frame: object, wanted: object) -> list[suite.Answer]:
        return [dataclasses.replace(a, success=True, failing=1) for a in real(self, frame, wanted)]  # type: ignore[arg-type]

    monkeypatch.setattr(suite.Suite, "evaluate", blind)
    assert notes(gate(payload)) == {"Great Expectations and the gate's own count disagree"}


def test_answers_gone_missing_stop(make: Make, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    payload = make()
    monkeypatch.setattr(suite.Suite, "_validate", lambda *_: {})
    assert notes(gate(payload)) == {"the expectation could not be evaluated"}


def test_form_the_engine_cannot_evaluate_stops(make: Make, gate: Gate) -> None:
    """Rust's engine has no inline ASCII flag; Python's has. Not knowing is a failure."""
    verdict = gate(make(), with_column("zip3", domain=Form("zip3", "(?a:[0-9]{3})")))
    assert notes(verdict) == {"ComputeError"}


def test_empty_code_list_admits_nothing(make: Make, gate: Gate) -> None:
    contract = with_column("zip3", domain=CodeList("none", frozenset()))
    assert kinds(gate(make(), contract)) == {"domain"}


def test_column_contract_is_by_name(make: Make, gate: Gate) -> None:
    renamed = (ColumnContract("other", "integer", TABLE.columns[0].domain), *TABLE.columns[1:])
    contract = dataclasses.replace(CONTRACT, tables=(dataclasses.replace(TABLE, columns=renamed),), people=None)
    assert kinds(gate(make(), contract)) == {"columns", "type"}
