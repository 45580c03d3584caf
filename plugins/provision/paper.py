"""紙: the pages we make, as PDF: the same HTML, laid out by WeasyPrint, tagged for screen readers (PDF/UA-1).

Nothing is fetched, neither from a network nor from the disk: a page that names something outside itself is refused. The
same page gives the same bytes. WeasyPrint wants Pango and a Japanese font (Debian: libpangoft2-1.0-0,
libharfbuzz-subset0, fonts-ipafont-gothic).
"""

from __future__ import annotations

import logging
import subprocess
from functools import cache

from provision.errors import FixConfiguration, Refused

#: Fonts that pages name first where they are printed. IPA Gothic draws every character of JIS X 0213.
FONTS = "IPAGothic, IPAPGothic, 'Noto Sans CJK JP', sans-serif"
_OUTSIDE = "a printed page refers to something outside itself"


def pdf(html: str) -> bytes:
    """An HTML page with its styles inside, as PDF. Raises `FixConfiguration` where the machine cannot set Japanese, and
    `Refused` where the page refers to anything outside itself."""
    _require_japanese()
    try:
        from weasyprint import HTML
        from weasyprint.urls import FatalURLFetchingError
    except OSError:  # its wheel is there, Pango is not
        raise _missing("Pango", "libpango-1.0-0 libpangoft2-1.0-0") from None

    def nothing(url: str, *_: object, **__: object) -> None:
        raise FatalURLFetchingError(_OUTSIDE)

    # It warns about styles it does not know and quotes them; a page may quote what is not for logs.
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    logging.getLogger("fontTools").setLevel(logging.CRITICAL)
    try:
        made = HTML(string=html, url_fetcher=nothing).write_pdf(pdf_variant="pdf/ua-1")
    except FatalURLFetchingError:
        raise Refused(_OUTSIDE, where="PDF", rule="paper.reference", remedy="put it into the page") from None
    assert isinstance(made, bytes)  # without a target it answers with the document
    return made


@cache
def _require_japanese() -> None:
    """Without a Japanese font every character would be an empty box: say so instead."""
    try:
        found = subprocess.run(["fc-list", ":lang=ja", "family"], capture_output=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        raise _missing("fontconfig", "fontconfig fonts-ipafont-gothic") from None
    if not found.strip():
        raise _missing("a Japanese font", "fonts-ipafont-gothic")


def _missing(what: str, packages: str) -> FixConfiguration:
    return FixConfiguration(
        f"{what} is not installed", where="PDF", rule="paper.machine", remedy=f"apt-get install {packages}"
    )
