"""Samples beside the project: the ministry's template, its schemas, and the published columns of C2XD.

Twins on data of our own are in test_checkup_world.py, test_checkup_cda.py and test_checkup_csv.py.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from provision.formats.base import HEAD_BYTES, BadFile
from provision.formats.checkup_c2xd import layout
from provision.formats.documents import PassedOver
from provision.formats.recognising import claimants
from tests.support.checkups import document_format, stored

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "tokutei_kenshin" / "csvxlm2"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="there are no samples beside this checkout")
OID = "1.2.392.200119.6"
FILLED = {
    f'<code code="99999999" codeSystem="{OID}.1001"/>': f'<code code="10" codeSystem="{OID}.1001"/>',
    f'code="99999999" codeSystem="{OID}.1104"': f'code="2" codeSystem="{OID}.1104"',
    '<birthTime value="99999999"/>': '<birthTime value="19700203"/>',
    '<effectiveTime value="99999999"/>': '<effectiveTime value="20250510"/>',
    '<high value="99999999"/>': '<high value="20260331"/>',
    '<code code="99999999"/>': '<code code="9N001000000000001"/><value xsi:type="PQ" value="160.5" unit="cm"/>',
}  # fmt: skip


def template() -> str:
    return (SAMPLES / "XSD" / "CDAtemplate-hc18.xml").read_text(encoding="utf-8")


def test_the_template_is_refused_for_its_placeholders() -> None:
    assert list(claimants(template().encode())) == ["checkup-cda"]
    with pytest.raises(BadFile) as caught:
        document_format("checkup-cda").document(template().encode(), {})
    assert caught.value.rule == "checkup.report_class"
    assert "9999" not in str(caught.value)


def test_the_template_with_values_is_a_checkup() -> None:
    text = re.sub(r"(<patient>\s*<name>)99999999", r"\1カクウ　ハナコ", template())
    for placeholder, value in FILLED.items():
        assert placeholder in text, placeholder
        text = text.replace(placeholder, value)
    assert list(claimants(text.encode())) == ["checkup-cda"]
    tables, people, _ = stored("checkup-cda", [text.encode()], {"schemas": str(SAMPLES / "XSD")})
    assert people["kana"].to_list() == ["カクウ ハナコ"]
    assert tables["test_value"]["item"].to_list() == ["height"]
    assert "99999999" not in repr([frame.drop("insurer", strict=False).rows() for frame in tables.values()])


def test_what_travels_with_checkups_is_passed_over() -> None:
    found = 0
    for path in sorted(SAMPLES.rglob("*.xsd")) + [SAMPLES / "XSD" / f"{name}template.xml" for name in ("IX", "SU")]:
        data = path.read_bytes()
        assert list(claimants(data[:HEAD_BYTES])) == ["checkup-cda"], path.name
        with pytest.raises((PassedOver, BadFile)) as caught:
            document_format("guidance-cda").document(data, {})
        assert isinstance(caught.value, PassedOver), path.name
        found += 1
    assert found > 10


def test_the_template_of_payments_is_recognised() -> None:
    data = (SAMPLES / "XSD" / "CCV08_template.xml").read_bytes()
    assert list(claimants(data)) == ["checkup-claim"]


def test_the_columns_of_c2xd_are_the_published_ones() -> None:
    with (SAMPLES / "C2XDTBL001-2024.csv").open(encoding="cp932", newline="") as stream:
        rows = [row for row in csv.reader(stream) if row[0] == "1"]
    assert len(layout()) == len(rows)
    assert [code for _, code in layout()[13:]] == [row[10] for row in rows[13:]]
