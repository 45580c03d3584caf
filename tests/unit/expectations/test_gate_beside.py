"""Labels meet their values as on paper: under a header, beside a heading; what is no text is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from expectations.beside import beside
from expectations.documents import pieces, read_document
from expectations.identifiers import Strength, find_all
from expectations.read import Unreadable

LAID_OUT = {
    "bank_account": "番号,口座番号,備考\r\n1,1234567,なし\r\n",
    "chart_number": "<table>\n<tr><th>カルテ番号</th><td>0012345</td></tr>\n</table>\n",
    "driving_licence": "<dl>\n<dt>免許証番号</dt>\n<dd>309012345620</dd>\n</dl>\n",
    "person_name": "<p><b>氏名</b>：<i>&#23665;&#30000;</i>&#22826;&#37070;</p>\n",
}


@pytest.mark.parametrize("kind", LAID_OUT)
def test_a_label_meets_its_value(kind: str) -> None:
    found = [find_all(piece).get(kind, Strength.WEAK) for piece in pieces(LAID_OUT[kind], ())]
    assert max(found) >= Strength.LIKELY


def test_broken_tables_and_plain_texts_have_nothing_beside() -> None:
    assert list(beside('a,b\n"1,2\n3')) == ["a: 1,23"]
    assert list(beside("")) == []
    assert list(beside("一行だけ、です")) == []
    assert list(beside("一行目\n二行目\n")) == []


@pytest.mark.parametrize("start", ["{\\rtf1", "%!PS-Adobe", "\n  {\\rtf1", "MIME-Version: 1.0\n"])
def test_what_is_not_its_own_text_is_refused(tmp_path: Path, start: str) -> None:
    path = tmp_path / "report.txt"
    path.write_text(start + " ...", encoding="utf-8")
    with pytest.raises(Unreadable) as refusal:
        read_document(path)
    assert refusal.value.rule == "document.form"
