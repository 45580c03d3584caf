"""特定健診（hc08）: the results of a health checkup as a CDA document, one per file (``DATA/h….xml``).

電子的な標準様式 Version 8 (schema hc08_V08, grade A; code lists grade B). Results of the item table go to
``test_value``, answers of the 標準的な質問票 to ``answer``; free text and names of physicians are dropped and counted.
This format also recognises what else lies in a delivery (index, summary, schemas) and passes it over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from provision.formats.cda_document import CdaFormat
from provision.formats.cda_observations import Observations
from provision.formats.cda_values import Said, values
from provision.formats.checkup_items import ITEM_SYSTEMS, TEXT, Item, item
from provision.formats.checkup_kind import BESIDE, CHECKUPS, Kind, kind
from provision.formats.checkup_rows import Meaning, rows


@dataclass(frozen=True)
class CheckupCda(CdaFormat):
    """The reader."""

    kind: ClassVar[Kind] = Kind.CHECKUP
    table: ClassVar[str] = "checkup_cda"
    classes: ClassVar[frozenset[str]] = CHECKUPS
    #: Results and answers.
    observations: ClassVar[Observations] = Observations(lambda said, _: meaning(said))
    id: str = "checkup-cda"

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": "特定健診（hc08 CDA）", "en": "Specific health checkup (hc08 CDA)"}

    def recognise(self, head: bytes) -> str:
        """Why these bytes begin such a document, or what travels with it; "" where they do not."""
        found = kind(head)
        if found in BESIDE:
            return "an index, a summary or a schema of a delivery of checkups"
        return "a clinical document with a report class that is none of guidance" if found is self.kind else ""


def meaning(said: Said) -> Meaning:
    """What an observation means; also of results of files of rows."""
    found = kept_item(said.code, said.system, said.mood)
    if isinstance(found, str):
        return Meaning(dropped=(found,))
    kept, dropped = values(said, found)
    return Meaning(rows(said, found, kept), tuple(dropped))


def kept_item(code: str, system: str, mood: str) -> Item | str:
    """What an observation is of, where it is kept: a result that was found (mood EVN) of an item we know or whose code
    could be one. Else the rule by which it is dropped."""
    if mood != "EVN":
        return "checkup.mood"
    if system not in ITEM_SYSTEMS:
        return "checkup.item_system"
    known = item(code)
    if known is None:
        return "checkup.unknown_item"
    return "checkup.free_text" if known.kind == TEXT else known


FORMAT = CheckupCda()
