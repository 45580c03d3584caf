"""特定保健指導（hg08）: the course of health guidance as a CDA document, one per file (``DATA/h….xml``).

電子的な標準様式 Version 8 (schema hg08_V08, grade A). There is no public table of its item codes here, so items are
taken by the shape of their code (ten digits that begin with 1, under 1.2.392.200119.6.1006, or JLAC10), with numbers
and codes only (grade D). Every item goes to ``guidance_item`` with its section (90010 to 90080: grade B) and whether it
was done, intended or aimed at; test values that were measured go to ``test_value``, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from lxml import etree

from provision import codes
from provision.formats.cda_document import CdaFormat
from provision.formats.cda_observations import Observations
from provision.formats.cda_values import Said, Value, values
from provision.formats.checkup_cda import kept_item
from provision.formats.checkup_items import ITEM_SYSTEMS, VALUE, Item
from provision.formats.checkup_kind import BESIDE, GUIDANCE, Kind, kind
from provision.formats.checkup_rows import Cells, Meaning, rows

_CODE = "{urn:hl7-org:v3}code"
_SECTION = re.compile(r"[0-9]{5}")
_ITEM = re.compile(r"1[0-9]{9}")


def _place(section: etree._Element) -> str | None:
    """The code of a section of guidance."""
    named = section.find(_CODE)
    code = "" if named is None else named.get("code", "")
    return code if _SECTION.fullmatch(code) else None


@dataclass(frozen=True)
class GuidanceCda(CdaFormat):
    """The reader."""

    kind: ClassVar[Kind] = Kind.GUIDANCE
    table: ClassVar[str] = "guidance_cda"
    classes: ClassVar[frozenset[str]] = GUIDANCE
    #: Items with their section, and test values among them.
    observations: ClassVar[Observations] = Observations(lambda said, place: _meaning(said, place), _place)
    id: str = "guidance-cda"

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": "特定保健指導（hg08 CDA）", "en": "Specific health guidance (hg08 CDA)"}

    def recognise(self, head: bytes) -> str:
        """Why these bytes begin such a document; "" where they do not."""
        return "a clinical document with the report class of guidance" if kind(head) is self.kind else ""

    def may_yet_be(self, head: bytes) -> bool:
        """Whether this is what travels with guidance that comes alone: `checkup-cda` recognises it, too."""
        return kind(head) in BESIDE


@cache
def _moods() -> frozenset[str]:
    return frozenset(codes.load("act_mood").names)


def _meaning(said: Said, place: str | None) -> Meaning:
    found = _item(said) if said.mood in _moods() else "checkup.mood"
    if isinstance(found, str):
        return Meaning(dropped=(found,))
    kept, dropped = values(said, found)
    items = tuple(("guidance_item", _row(said, place, value)) for value in kept)
    measured = rows(said, found, kept) if found.kind == VALUE and said.mood == "EVN" else ()
    return Meaning((*items, *measured), tuple(dropped))


def _item(said: Said) -> Item | str:
    if said.system in ITEM_SYSTEMS and _ITEM.fullmatch(said.code):
        return Item(said.code, None, "", "", None, None)
    return kept_item(said.code, said.system, "EVN")


def _row(said: Said, place: str | None, value: Value) -> Cells:
    start = (said.day, place, said.mood, said.code, value.number)
    return (*start, value.code, value.system, value.unit, value.absent)


FORMAT = GuidanceCda()
