"""厚生労働省のXMLスキーマによる検査: validation of checkup documents against schema files the operator has.

The ministry's files may not be shipped, so a source names their folder (``format_options: {schemas: <folder>}``) with
the files as they are given out (``hc08_V08.xsd`` … and ``coreschemas/``). Their includes go round in a circle, which
libxml2 does not compile; so each schema and all it includes, each file once, are put into one schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from lxml import etree

from provision.errors import FixConfiguration
from provision.formats.base import BadFile
from provision.formats.checkup_kind import Kind
from provision.formats.xmlfile import parsed

_XS = "{http://www.w3.org/2001/XMLSchema}"
_BESIDE = frozenset({f"{_XS}include", f"{_XS}annotation"})
#: The largest of the files, the vocabulary, has 0.8 MB.
_SCHEMA_BYTES = 16 * 1024 * 1024
_REMEDY = "name the folder with the ministry's XSD files, as they were given out"


def schemas_of(format_id: str, options: Mapping[str, object]) -> Path | None:
    """The folder named by the only option, None where there is none. Raises `FixConfiguration`."""
    if not options:
        return None
    if set(options) - {"schemas"}:
        raise FixConfiguration(
            f"the format {format_id} has one option, schemas", rule="format.options", remedy="remove the others"
        )
    folder = options["schemas"]
    if not isinstance(folder, str) or not Path(folder).is_dir():
        raise FixConfiguration("schemas is no folder", rule="format.schemas", remedy=_REMEDY)
    return Path(folder)


def validate(root: etree._Element, folder: Path, kind: Kind) -> None:
    """Raise `BadFile` ``checkup.schema`` with the line of the first mistake: a validator's own words quote values."""
    schema = compiled(folder, kind)
    if not schema.validate(root):
        log: Any = schema.error_log
        line = min((error.line for error in log), default=0)
        remedy = f"the document breaks the ministry's schema {kind}; ask the sender for a corrected one"
        raise BadFile("checkup.schema", field=f"line {line}", remedy=remedy)


@lru_cache(maxsize=16)
def compiled(folder: Path, kind: Kind) -> etree.XMLSchema:
    """The schema of a kind of document, ready to use. Raises `FixConfiguration`."""
    found = sorted(folder.glob(f"{kind}_*.xsd")) or sorted(folder.glob(f"{kind}.xsd"))
    if len(found) != 1:
        raise FixConfiguration(f"{len(found)} schema files {kind}", rule="format.schemas", remedy=_REMEDY)
    try:
        return etree.XMLSchema(merged(found[0]))
    except (etree.XMLSchemaParseError, OSError, BadFile):
        raise FixConfiguration(
            "the schema does not compile", where=found[0].name, rule="format.schemas", remedy=_REMEDY
        ) from None


def merged(path: Path) -> etree._Element:
    """One schema of a file and of all that it includes, each once. Raises `BadFile`, `OSError`."""
    pending, seen, whole = [path.resolve()], {path.resolve()}, None
    while pending:
        file = pending.pop(0)
        part = parsed(file.read_bytes(), _SCHEMA_BYTES)
        for include in part.iterfind(f"{_XS}include"):
            other = (file.parent / (include.get("schemaLocation") or "")).resolve()
            if other not in seen:
                seen.add(other)
                pending.append(other)
        kept = [child for child in part if child.tag not in _BESIDE]
        if whole is None:
            whole = part
            for child in list(part):
                part.remove(child)
        whole.extend(kept)
    assert whole is not None
    return whole
