"""What the kinds of biometric data share: files told by their bytes, pictures inside texts, templates in columns."""

from __future__ import annotations

import re
from dataclasses import dataclass

from expectations.identifiers.base import Strength, squeezed

# A template is long and looks like noise: base64, hexadecimal, or a row of numbers.
_TEMPLATE = re.compile(r"[0-9A-Za-z+/_=-]{24,}|(?:-?[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?[,; \]]{1,3}){8,}")


@dataclass(frozen=True)
class Biometric:
    """`sure` and `possible` are kinds of files (see `expectations.file_kinds`), `labels` names of columns.

    A file that is such data is certain, one that may hold it (a picture may show a face) is likely, and so is a
    template beside a label. `forms` are texts that are such data themselves.
    """

    labels: str
    sure: str
    possible: str = "-"
    forms: str = "(?!)"

    def search(self, text: str, context: str) -> Strength | None:
        """Strength of what `text` holds or is about."""
        if re.search(rf"file kind: (?:{self.sure})", text) or re.search(self.forms, text):
            return Strength.CERTAIN
        template = _TEMPLATE.search(text) is not None
        if template and re.search(self.labels, context, re.IGNORECASE):
            return Strength.CERTAIN
        if template and re.search(rf"(?:{self.labels})[^0-9A-Za-z]{{0,6}}(?:{_TEMPLATE.pattern})", text, re.IGNORECASE):
            return Strength.CERTAIN
        possible = rf"file kind: (?:{self.possible})|data:(?:{self.possible})[a-z0-9.+-]*;base64,"
        return Strength.LIKELY if re.search(possible, text) else None

    @property
    def traces(self) -> str:
        """Traces for the sieve."""
        forms = "" if self.forms == "(?!)" else f"|{squeezed(self.forms)}"
        return rf"filekind:|data:[a-z]{{1,8}}/|(?:{squeezed(self.labels)})[^0-9a-z]{{0,6}}[0-9a-z+/_-]{forms}"
