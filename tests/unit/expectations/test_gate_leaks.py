"""A planted identifier of every kind, in every kind of place, stops the release and is named without being shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import polars as pl
import pytest
from payloads import CODEBOOK, CONTRACT, README, ROWS, Payload, add_metadata, plant

from expectations.identifiers import all_kinds
from expectations.verdict import Verdict

Make = Callable[..., Payload]
Gate = Callable[..., Verdict]

#: One self-explaining text per kind, from the kind's own examples: found without the help of a column name.
LEAKS = {
    kind.id: next(e.text for e in kind.must_match if not e.context and e.strength >= kind.documents_at)
    for kind in all_kinds()
}


def spread(column: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Every kind's leak, one row each, in one column."""
    texts = list(LEAKS.values())
    assert len(texts) <= ROWS
    return lambda frame: frame.with_columns(
        pl.Series(column, [texts[i] if i < len(texts) else "1" for i in range(ROWS)], dtype=pl.String)
    )


def named(verdict: Verdict, place: str) -> set[str]:
    """Kinds named at a place."""
    return {finding.kind for finding in verdict.failures if finding.where == place}


def test_clean_payload_passes(make: Make, gate: Gate) -> None:
    verdict = gate(make())
    assert verdict.failures == ()
    assert verdict.passed
    assert verdict.known_values == "not available"
    assert len(verdict.findings) > 50


@pytest.mark.parametrize("column", ["sex", "zip3", "points", "bmi", "note"])
def test_every_kind_is_named_in_a_column_of_every_domain(make: Make, gate: Gate, column: str) -> None:
    verdict = gate(make(spread(column)), secrets=tuple(LEAKS.values()))
    assert not verdict.passed
    for form in ("parquet", "csv"):
        missing = LEAKS.keys() - named(verdict, f"claims.{column} ({form})")
        assert missing == set()


def test_every_kind_is_named_in_documents(make: Make, gate: Gate) -> None:
    payload = make()
    for name in (README, CODEBOOK):
        path = payload.root / name
        path.write_bytes(path.read_bytes() + "\n".join(LEAKS.values()).encode())
    verdict = gate(payload.seal(), secrets=tuple(LEAKS.values()))
    assert named(verdict, README) >= LEAKS.keys()
    assert named(verdict, CODEBOOK) >= LEAKS.keys()


def test_every_kind_is_named_in_metadata_and_header(make: Make, gate: Gate) -> None:
    payload = make()
    add_metadata(payload.table("parquet"), "note", "\n".join(LEAKS.values()))
    frame = pl.read_csv(payload.table("csv"), infer_schema=False)
    extra = [text for text in LEAKS.values() if "," not in text]
    frame.with_columns(pl.lit("1").alias(text) for text in extra).write_csv(payload.table("csv"))
    verdict = gate(payload.seal(), secrets=tuple(LEAKS.values()))
    assert named(verdict, "claims (parquet) metadata") >= LEAKS.keys()
    assert named(verdict, "claims (csv) header") >= {kind for kind, text in LEAKS.items() if text in extra}
    assert "columns" in named(verdict, "claims (csv)")


def test_every_kind_is_named_in_names_of_files(make: Make, gate: Gate) -> None:
    payload = make()
    texts = {kind: text.replace("/", "／") for kind, text in LEAKS.items()}
    for text in texts.values():
        (payload.root / f"data/{text}.txt").write_text("nothing\n")
    verdict = gate(payload.seal(), secrets=tuple(texts.values()))
    unknown = [finding for finding in verdict.failures if finding.where.startswith("unknown file")]
    assert {finding.kind for finding in unknown} >= LEAKS.keys() | {"files"}


def test_rows_are_counted_not_values(make: Make, gate: Gate) -> None:
    verdict = gate(make(plant("note", "連絡先 090-1234-5678")), secrets=("090-1234-5678",))
    found = [f for f in verdict.failures if f.kind == "telephone"]
    assert {f.where for f in found} == {"claims.note (parquet)", "claims.note (csv)"}
    assert {f.expectation for f in found} == {"ExpectColumnValuesToContainNoJapaneseTelephone"}
    assert {f.rows_failing for f in found} == {2}


HIDDEN = [
    '{"who": "\\u5c71\\u7530 \\u592a\\u90ce"}',
    "<td>&#23665;&#30000; &#22826;&#37070;</td>\n氏名：&#23665;&#30000;&#22826;&#37070;",
    "氏名\n山田太郎\n",
    "a,b,c\n1,山田 太郎,2\n",
    '{"rows": [["x", {"y": "山田太郎"}]]}',
    "%E6%B0%8F%E5%90%8D%EF%BC%9A%E5%B1%B1%E7%94%B0%E5%A4%AA%E9%83%8E",
]


def test_escapes_do_not_hide_a_name_in_a_document(make: Make, gate: Gate) -> None:
    payload = make()
    names = [f"data/document{i}.txt" for i in range(len(HIDDEN))]
    for name, text in zip(names, HIDDEN, strict=True):
        (payload.root / name).write_text(text)
    contract = dataclasses.replace(CONTRACT, documents=(*CONTRACT.documents, *names))
    verdict = gate(payload.seal(), contract, secrets=("山田",))
    assert {f.where for f in verdict.failures if f.kind == "person_name"} == set(names)


def test_only_the_allowed_texts_may_stand_in_documents(make: Make, gate: Gate) -> None:
    payload = make()
    path = payload.root / README
    path.write_text(path.read_text() + "夜間は 03-5550-0198\n")
    verdict = gate(payload.seal(), secrets=("03-5550-0198", "03-5550-0199"))
    assert [(f.where, f.kind) for f in verdict.failures] == [(README, "telephone")]


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (README, "担当 匿名加工 一郎 電話 03-5550-0199\n"),
        (README, "参考 https://www.example.jp/policy\n"),
        (CODEBOOK, "苦情の窓口: 匿名加工 一郎 電話 03-5550-0199\n"),
    ],
)
def test_an_allowed_text_is_allowed_at_its_place_only(make: Make, gate: Gate, document: str, line: str) -> None:
    payload = make()
    path = payload.root / document
    path.write_bytes(path.read_bytes() + line.encode())
    verdict = gate(payload.seal(), secrets=("03-5550-0199",))
    assert {f.where for f in verdict.failures} == {document}


def test_an_allowed_text_is_allowed_in_no_cell(make: Make, gate: Gate) -> None:
    verdict = gate(make(plant("note", "苦情の窓口: 匿名加工 一郎 電話 03-5550-0199")))
    assert "telephone" in named(verdict, "claims.note (parquet)")


def test_leak_in_one_format_only_is_found(make: Make, gate: Gate) -> None:
    payload = make()
    frame = plant("zip3", "100-0001")(pl.read_csv(payload.table("csv"), infer_schema=False))
    frame.write_csv(payload.table("csv"))
    verdict = gate(payload.seal())
    assert {f.where for f in verdict.failures} == {"claims.zip3 (csv)"}
    assert {f.kind for f in verdict.failures} == {"domain", "zip7"}


def test_free_text_nobody_asked_for_stops(make: Make, gate: Gate) -> None:
    from payloads import with_column

    from expectations.contract import FreeText

    verdict = gate(make(), with_column("note", domain=FreeText()))
    assert {(f.where, f.kind) for f in verdict.failures} == {
        ("claims.note (parquet)", "domain"),
        ("claims.note (csv)", "domain"),
    }
