"""Printed pages: Japanese is set with a font that has it, nothing is fetched, the same page gives the same bytes."""

from __future__ import annotations

import re
import subprocess
import zlib
from pathlib import Path

import pytest

from provision import paper
from provision.errors import FixConfiguration, Refused

PAGE = f"""<!doctype html><html lang="ja"><head><meta charset="utf-8"><title>架空の頁</title>
<style>body{{font-family:{paper.FONTS}}}</style></head><body><h1>匿名加工情報</h1><p>髙﨑・ABC</p></body></html>"""


def _inside(made: bytes) -> bytes:
    """Everything in a PDF, unpacked."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", made, re.S)
    return made + b"".join(zlib.decompress(s) if s[:1] == b"\x78" else s for s in streams)


def test_page_is_pdf_with_a_japanese_font_and_title() -> None:
    made = paper.pdf(PAGE)
    assert made.startswith(b"%PDF-")
    assert re.search(rb"/FontName /[A-Z]{6}\+IPA", _inside(made))
    assert b"/Lang (ja)" in _inside(made)


def test_same_page_gives_same_bytes() -> None:
    assert paper.pdf(PAGE) == paper.pdf(PAGE)


@pytest.mark.parametrize("scheme", ["file", "http"])
def test_nothing_is_fetched(tmp_path: Path, scheme: str) -> None:
    picture = tmp_path / "picture.svg"
    picture.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9"/></svg>')
    where = picture.as_uri() if scheme == "file" else "http://127.0.0.1:9/picture.svg"
    with pytest.raises(Refused, match="outside itself"):
        paper.pdf(PAGE.replace("<h1>", f'<img alt="" src="{where}"><h1>'))


def test_machine_without_japanese_font_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess([], 0, b"\n")

    paper._require_japanese.cache_clear()
    monkeypatch.setattr(subprocess, "run", none)
    with pytest.raises(FixConfiguration, match="fonts-ipafont-gothic"):
        paper.pdf(PAGE)
    paper._require_japanese.cache_clear()
