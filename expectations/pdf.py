"""PDF: every text of one, read by pypdf in a process of its own that may use so much time and memory and no more.

A PDF is a program, and a crafted one may run for ever; so the gate does not read it itself. What that process cannot
account for is named (`unread`), and whoever asks decides: the gate refuses the document, `scan` reports it as unread.
Form: ISO 32000-1. The process is `pdf_process.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from expectations.read import Unreadable

#: What the process may use: seconds of its processor (and four times as many by the clock), and bytes of memory.
SECONDS, MEMORY = 120, 2 << 30
#: Longer documents are not read: nothing we make comes near.
MOST_BYTES = 64 << 20
_PROCESS = Path(__file__).with_name("pdf_process.py")
_ANYWHERE = 1024  # bytes within which viewers look for the beginning


@dataclass(frozen=True, repr=False)
class PdfText:
    """`pages`: the text of each. `beside`: every string in the file's objects and comments (document information,
    XMP, bookmarks, notes, form fields, link targets, alternative texts). `unread`: slugs of what nobody can read as
    text (``pdf.picture``, ``pdf.attachment``, ``pdf.font`` …), empty where everything was read."""

    pages: tuple[str, ...] = field(repr=False)
    beside: tuple[str, ...] = field(repr=False)
    unread: tuple[str, ...]


def is_pdf(head: bytes) -> bool:
    """Whether a viewer would open a file that begins like this as a PDF, even with something before it."""
    return b"%PDF-" in head[:_ANYWHERE]


def read_pdf(data: bytes, *, seconds: int = SECONDS, memory: int = MEMORY) -> PdfText:
    """All texts of the PDF `data`. Raises `Unreadable` for one that is encrypted (``pdf.encrypted``), broken or longer
    than may be (``pdf.broken``, ``pdf.too_large``), or not read within `seconds` and `memory` (``pdf.too_costly``)."""
    if len(data) > MOST_BYTES:
        raise Unreadable("pdf.too_large")
    # -I: neither the environment nor the folder of the program decides what is imported.
    command = [sys.executable, "-I", str(_PROCESS), str(seconds), str(memory)]
    try:
        done = subprocess.run(
            command, input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=4 * seconds
        )
    except subprocess.TimeoutExpired:
        raise Unreadable("pdf.too_costly") from None
    if done.returncode:
        raise Unreadable("pdf.too_costly")
    try:
        answer = json.loads(done.stdout)
        if answer["refused"]:
            raise Unreadable(str(answer["refused"]))
        return PdfText(tuple(answer["pages"]), tuple(answer["beside"]), tuple(answer["unread"]))
    except (ValueError, KeyError, TypeError):
        raise Unreadable("pdf.broken") from None
