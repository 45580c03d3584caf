"""Checkups and guidance of the fictitious world: what is stored is what was measured, and nobody is in it."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl
import pytest
from lxml import etree

from provision.formats.base import BadFile, Report
from provision.formats.documents import PassedOver
from provision.formats.recognising import claimants, refuse_another
from provision.intake.deidentify import KEYS
from provision.sampledata.deliveries import document_stream
from tests.support.checkups import document_format, identifying, stored, visits, written
from tests.support.leaksearch import search

FORMS = ("checkup-cda", "guidance-cda", "checkup-claim", "guidance-claim")
STYLES = range(4)
XSD = Path(__file__).parents[4] / "shared" / "samples" / "tokutei_kenshin" / "csvxlm2" / "XSD"
SCHEMAS = {"checkup-cda": "hc08", "guidance-cda": "hg08", "checkup-claim": "cc08", "guidance-claim": "gc08"}


def rows(frame: pl.DataFrame, claim: int) -> list[dict[str, object]]:
    """The rows of one claim, without what is empty."""
    own = frame.filter(pl.col("claim_no") == claim).drop([name for name in KEYS if name in frame.columns])
    return [{name: value for name, value in row.items() if value is not None} for row in own.iter_rows(named=True)]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("form", FORMS)
def test_every_kept_cell_is_what_the_world_knows(form: str, style: int) -> None:
    delivery, seen = visits(form, 20, style)
    tables, _, _ = stored(form, [one.data for _, one in written(form, 20, style)])
    for claim, visit in enumerate(seen):
        for name, wanted in delivery.kept(visit).items():
            assert rows(tables[name], claim) == wanted, name


@pytest.mark.parametrize("form", FORMS)
def test_people_are_known_by_what_stands_on_the_document(form: str) -> None:
    delivery, seen = visits(form, 20)
    _, people, _ = stored(form, [one.data for _, one in written(form, 20)])
    for found, visit in zip(people.iter_rows(named=True), seen, strict=True):
        wanted = delivery.evidence(visit)[0]
        said = {name: str(found[name] or "").replace("　", "").replace(" ", "") for name in wanted}
        assert said == wanted
        assert not found["facility"], "nobody is a facility's own patient by its number alone"
        assert not found["chart"]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("form", FORMS)
def test_nobody_is_in_what_is_stored(form: str, style: int, tmp_path: Path) -> None:
    tables, _, _ = stored(form, [one.data for _, one in written(form, 20, style)])
    for name, frame in tables.items():
        frame.write_parquet(tmp_path / f"{name}.parquet")
        (tmp_path / f"{name}.txt").write_text(repr(frame.rows()), encoding="utf-8")
    values = [value for visit in visits(form, 20, style)[1] for value in identifying(visit)]
    text = b"".join(one.data for _, one in written(form, 20, style)).decode()
    seen = visits(form, 20, style)[1]
    assert sum(value in text for _, value in values) >= 2 * len(seen), "the documents name nobody"
    assert search([tmp_path], values) == []


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("form", FORMS)
def test_one_format_recognises_a_document(form: str, style: int) -> None:
    for _, one in written(form, 3, style):
        assert list(claimants(one.data)) == [form]
        assert list(claimants(one.data[:2_000])) == [form]


@pytest.mark.parametrize("form", ["checkup-cda", "guidance-cda"])
def test_what_travels_with_documents_is_passed_over(form: str) -> None:
    delivery, _ = visits(form, 1)
    beside = delivery.beside()
    assert len(beside) == 2
    for one in beside:
        assert list(claimants(one.data)) == ["checkup-cda"]
        with pytest.raises(PassedOver):
            document_format(form).document(one.data, {})


def test_what_travels_with_guidance_alone_is_not_turned_away() -> None:
    for one in visits("guidance-cda", 1)[0].beside():
        refuse_another(document_format("guidance-cda"), one.data)
        with pytest.raises(BadFile, match=r"format\.another"):
            refuse_another(document_format("checkup-claim"), one.data)


@pytest.mark.parametrize("form", FORMS)
def test_the_same_arguments_give_the_same_bytes(form: str) -> None:
    assert list(document_stream(form, 3, 5)) == list(document_stream(form, 3, 5))
    assert len({one.path for one in document_stream(form, 3, 5)}) == 5


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.skipif(not XSD.is_dir(), reason="the ministry's schemas are not beside this checkout")
def test_documents_are_valid_against_the_ministrys_schemas(form: str, style: int) -> None:
    """Its twin on schemas of our own is in test_checkup_schemas.py."""
    for _, one in written(form, 5, style):
        parcels = list(document_format(form).read(io.BytesIO(one.data), Report(), {"schemas": str(XSD)}))
        assert parcels[0].records == 1
    broken = etree.fromstring(next(written(form, 1, style))[1].data)
    broken.remove(broken[1])
    with pytest.raises(BadFile) as caught:
        document_format(form).document(etree.tostring(broken), {"schemas": str(XSD)})
    assert caught.value.rule in {"checkup.schema", "checkup.structure"}
