"""Texts of messages, one file each in `letters/`, Japanese and English: to be read and corrected without code."""

from __future__ import annotations

from pathlib import Path
from string import Template

_FOLDER = Path(__file__).parent / "letters"


def filled(letter: str, **words: str) -> str:
    """A letter with every place ``${name}`` filled, lines ended by CRLF. A place without a word is a `KeyError`."""
    text = Template((_FOLDER / f"{letter}.txt").read_text(encoding="utf-8")).substitute(words)
    return "\r\n".join(line.rstrip() for line in text.strip().splitlines()) + "\r\n"
