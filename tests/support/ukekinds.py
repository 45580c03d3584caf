"""Dental, dispensing and DPC claims files made by hand, and what reading them gives. All people are fictitious."""

from __future__ import annotations

import io
import traceback
from collections.abc import Mapping

import polars as pl
import pytest

from anonymization.receipt import Applied
from provision.formats import formats, ukefile
from provision.formats.base import BadFile, Report
from provision.intake.deidentify import deidentify
from tests.support.uke import CHART, KANA, NAME, encoded

#: More that is never to be seen outside a seal.
DOCTOR, LICENCE, FACILITY, TEXT = "架空医　太郎", "麻薬9981", "架空谷診療所", "隣の架空川さんと同居"
PLANTED = (NAME, NAME.split("　")[0], KANA, CHART, DOCTOR, LICENCE, FACILITY, TEXT)
HO = "HO,06132013,１２・３,４５６,1,100"


def record(kind: str, width: int, filled: Mapping[int, str]) -> str:
    """A record of `width` columns (the kind counted) with some of them filled, by index."""
    cells = [kind, *[""] * (width - 1)]
    for index, value in filled.items():
        cells[index] = value
    return ",".join(cells)


def head(width: int, claim_type: str, filled: Mapping[int, str]) -> str:
    """An RE: the first seven columns are the same in every kind."""
    first = {1: "1", 2: claim_type, 3: "202505", 4: NAME, 5: "2", 6: "19560203"}
    return record("RE", width, {**first, **filled})


def read(
    form: str, records: list[str], size: int | None = None
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame, Report]:
    """All tables of a file in one piece each, its people, and the report; `size` is that of a chunk."""
    report = Report()
    with pytest.MonkeyPatch.context() as patch:
        if size is not None:
            patch.setattr(ukefile, "CHUNK", size)
        parcels = list(formats()[form].read(io.BytesIO(encoded(records)), report, {}))
    names = sorted({name for parcel in parcels for name in parcel.tables})
    tables = {name: pl.concat([p.tables[name] for p in parcels if name in p.tables], how="diagonal") for name in names}
    return tables, pl.concat([p.people for p in parcels]), report


def stored(form: str, records: list[str]) -> tuple[dict[str, pl.DataFrame], Report]:
    """What would enter the store."""
    report, applied, made = Report(), Applied(), dict[str, pl.DataFrame]()
    for parcel in formats()[form].read(io.BytesIO(encoded(records)), report, {}):
        for name, frame in deidentify(parcel, formats()[form].dataset, report, applied).items():
            made[name] = pl.concat([made[name], frame]) if name in made else frame
    return made, report


def planted(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """What is left of the planted words."""
    text = str([frame.rows() for frame in tables.values()])
    return [word for word in PLANTED if word in text]


def refused(form: str, records: list[str]) -> BadFile:
    """The refusal of a file; nothing planted may be in it or behind it."""
    with pytest.raises(BadFile) as caught:
        list(formats()[form].read(io.BytesIO(encoded(records)), Report(), {}))
    error = caught.value
    shown = str(error) + "".join(traceback.format_exception(error)) + repr(vars(error))
    assert not [text for text in PLANTED if text in shown]
    assert error.remedy
    return error


def same_in_pieces(form: str, records: list[str]) -> None:
    """Reading in chunks of every size from the longest claim on gives what reading in one piece gives."""
    whole, people, report = read(form, records)
    for size in range(len(encoded(records)) // 2, len(encoded(records)) + 8, 61):
        pieces, same_people, same = read(form, records, size)
        assert people.equals(same_people)
        assert same == report
        assert {name: frame.equals(pieces[name]) for name, frame in whole.items()} == dict.fromkeys(whole, True)
