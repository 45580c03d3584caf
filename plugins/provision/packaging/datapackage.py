"""データパッケージ: ``datapackage.json``, what programs read of a payload (Frictionless Data Package, version 1).

Every table is one resource in each of its formats, with its digest, its columns and what they may hold, so that R,
Python and validators read the tables with the right types. It says nothing of the method of processing that could help
restoring (APPI art. 45).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provision import codes
from provision.catalogue import Catalogue
from provision.formats.base import Column
from provision.formats.tables import bounds
from provision.intake.domains import FORMS
from provision.model import Agreement, Plan, Profile
from provision.packaging.tableformats import TABLE_FORMATS
from provision.releasing.tables import CLAIM, ReleaseTable

#: Code lists up to this size are repeated as an enumeration; the codebook has all of them.
ENUMERATED = 300
_TYPES = {"string": "string", "integer": "integer", "decimal": "number"}
_DATES = {"date": "date", "month": "yearmonth"}


@dataclass(frozen=True)
class Described:
    """What the description is made of. `rows`: rows of each table; `tables`: the folder they lie in."""

    release: str
    plan: Plan
    profile: Profile
    agreement: Agreement
    shapes: Sequence[ReleaseTable]
    rows: Mapping[str, int]
    tables: Path
    day: str


def datapackage(what: Described, known: Catalogue) -> dict[str, Any]:
    """The description of a payload whose tables have been written. The same tables give the same description."""
    heads = _heads(what, known)
    return {
        "profile": "data-package",
        "name": what.release.lower(),
        "title": f"{what.plan.title.ja} / {what.plan.title.en}",
        "description": "匿名加工情報 / anonymously processed information",
        "keywords": ["匿名加工情報", "anonymously processed information"],
        "licenses": [{"name": "agreement", "title": what.agreement.id, "path": "terms.html"}],
        "release": what.release,
        "law": what.profile.law,
        "made_on": what.day,
        "months": {"first": what.plan.first_month, "last": what.plan.cutoff_month},
        "linkage": what.plan.linkage,
        "resources": [
            _resource(what, shape, kind, heads)
            for shape in what.shapes
            for kind in TABLE_FORMATS
            if kind in what.plan.formats
        ],
    }


def resource_name(table: str, kind: str) -> str:
    """Name of a table's resource in one format: lower-case, unique in the package."""
    return f"{table.lower()}-{kind}"


def _heads(what: Described, known: Catalogue) -> dict[str, str]:
    """dataset -> name in the release of the table that has one row per claim."""
    pairs = zip(what.shapes, what.plan.tables, strict=True)
    return {shape.dataset: shape.name for shape, chosen in pairs if chosen.table == known.dataset(shape.dataset).head}


def _resource(what: Described, shape: ReleaseTable, kind: str, heads: Mapping[str, str]) -> dict[str, Any]:
    form = TABLE_FORMATS[kind]
    path = what.tables / f"{shape.name}.{form.ending}"
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    made: dict[str, Any] = {
        "name": resource_name(shape.name, kind),
        "profile": "tabular-data-resource",
        "path": f"tables/{path.name}",
        "title": f"{shape.ja} / {shape.en}",
        "format": form.ending,
        "mediatype": form.mediatype,
        "hash": f"sha256:{digest}",
        "rows": what.rows[shape.name],
        **form.extra,
        "schema": {"fields": [_field(column) for column in shape.columns], "missingValues": [""]},
    }
    made["schema"] |= _keys(shape, kind, heads)
    return made


def _keys(shape: ReleaseTable, kind: str, heads: Mapping[str, str]) -> dict[str, Any]:
    """A claim has one row in the head table of its dataset; other tables refer to it by the claim's number."""
    head = heads.get(shape.dataset)
    if head is None or CLAIM not in {column.name for column in shape.columns}:
        return {}
    if head == shape.name:
        return {"primaryKey": [CLAIM]}
    return {"foreignKeys": [{"fields": CLAIM, "reference": {"resource": resource_name(head, kind), "fields": CLAIM}}]}


def _field(column: Column) -> dict[str, Any]:
    word = column.domain.partition(":")[0]
    made: dict[str, Any] = {
        "name": column.name,
        "type": _DATES.get(word, _TYPES[column.dtype]),
        "title": column.ja,
        "description": column.en,
    }
    if column.unit:
        made["unit"] = column.unit
    constraints = _constraints(column)
    return made | ({"constraints": constraints} if constraints else {})


def _constraints(column: Column) -> dict[str, Any]:
    """What a value must be, where the specification has a word for it."""
    word, _, rest = column.domain.partition(":")
    if word == "range":
        low, high, _ = bounds(column.domain)
        whole = column.dtype == "integer"
        return {"minimum": int(low) if whole else str(low), "maximum": int(high) if whole else str(high)}
    if word == "code" and column.dtype == "string":
        listed = list(codes.load(rest).names)
        return {"enum": listed} if len(listed) <= ENUMERATED else {}
    if word == "form":
        return {"pattern": f"^(?:{rest})$"}
    return {"pattern": f"^(?:{FORMS[word]})$"} if word in FORMS and word not in _DATES else {}
