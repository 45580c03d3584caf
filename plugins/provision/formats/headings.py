"""Headings as they are compared: senders write one heading in many widths, cases and with spaces."""

from __future__ import annotations

import unicodedata


def fold(heading: str) -> str:
    """A heading as compared: NFKC, lower case, without spaces."""
    return "".join(unicodedata.normalize("NFKC", heading).split()).casefold()
