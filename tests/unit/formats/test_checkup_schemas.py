"""Schemas that a source names: includes that go round are put together, mistakes show nothing of the document."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.errors import FixConfiguration
from provision.formats.base import BadFile
from provision.formats.checkup_kind import Kind
from provision.formats.checkup_schemas import compiled, merged, schemas_of, validate
from provision.formats.xmlfile import parsed

_HEAD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:hl7-org:v3" targetNamespace="urn:hl7-org:v3"'
_TOP = f"""<?xml version="1.0"?>{_HEAD} elementFormDefault="qualified">
<xs:include schemaLocation="./core/types.xsd"/><xs:include schemaLocation="./core/words.xsd"/>
<xs:element name="ClinicalDocument"><xs:complexType><xs:sequence><xs:element name="code" type="Code"/>
</xs:sequence></xs:complexType></xs:element></xs:schema>"""
_TYPES = f"""{_HEAD}><xs:include schemaLocation="words.xsd"/>
<xs:complexType name="Code"><xs:attribute name="code" type="Word" use="required"/></xs:complexType></xs:schema>"""
_WORDS = f"""{_HEAD}><xs:include schemaLocation="types.xsd"/><xs:annotation/>
<xs:simpleType name="Word"><xs:restriction base="xs:string"><xs:pattern value="[0-9]{{2}}"/></xs:restriction>
</xs:simpleType></xs:schema>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "core").mkdir()
    (tmp_path / "hc08_V08.xsd").write_text(_TOP, encoding="utf-8")
    (tmp_path / "core" / "types.xsd").write_text(_TYPES, encoding="utf-8")
    (tmp_path / "core" / "words.xsd").write_text(_WORDS, encoding="utf-8")
    return tmp_path


def test_every_file_is_put_in_once(folder: Path) -> None:
    names = [child.get("name") for child in merged(folder / "hc08_V08.xsd")]
    assert names == ["ClinicalDocument", "Code", "Word"]


def test_documents_are_validated(folder: Path) -> None:
    good = parsed(b'<ClinicalDocument xmlns="urn:hl7-org:v3"><code code="10"/></ClinicalDocument>')
    validate(good, folder, Kind.CHECKUP)
    bad = parsed('<ClinicalDocument xmlns="urn:hl7-org:v3">\n<code code="架空太郎"/></ClinicalDocument>'.encode())
    with pytest.raises(BadFile) as caught:
        validate(bad, folder, Kind.CHECKUP)
    assert caught.value.rule == "checkup.schema"
    assert caught.value.field == "line 2"
    assert "架空" not in str(caught.value)


def test_a_schema_is_compiled_once(folder: Path) -> None:
    assert compiled(folder, Kind.CHECKUP) is compiled(folder, Kind.CHECKUP)


def test_what_is_wrong_with_the_folder_is_a_configuration(folder: Path) -> None:
    assert schemas_of("checkup-cda", {}) is None
    assert schemas_of("checkup-cda", {"schemas": str(folder)}) == folder
    for wrong in ({"schemas": str(folder / "none")}, {"schemas": 5}, {"other": 1}):
        with pytest.raises(FixConfiguration):
            schemas_of("checkup-cda", wrong)
    with pytest.raises(FixConfiguration):
        compiled(folder, Kind.GUIDANCE)
    (folder / "core" / "words.xsd").unlink()
    with pytest.raises(FixConfiguration):
        compiled(folder, Kind.CHECKUP)
    (folder / "core" / "words.xsd").write_text("<no schema", encoding="utf-8")
    with pytest.raises(FixConfiguration):
        compiled(folder, Kind.CHECKUP)
