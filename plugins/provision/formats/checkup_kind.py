"""健診XMLの判別: which of the documents of a checkup delivery a file is, by its root and first elements.

A delivery has checkups (hc08) and guidance (hg08), both ``ClinicalDocument`` and told apart by the report class alone,
payments (cc08, gc08), and what holds nobody's data: ``index`` (ix08), ``summary`` (su08) and the schemas.
"""

from __future__ import annotations

from enum import StrEnum

from lxml import etree

from provision.formats.cda_paths import MHLW, REPORT_CLASS, V3
from provision.formats.xmlfile import beginning

XSD = "http://www.w3.org/2001/XMLSchema"

CHECKUPS = frozenset({"10", "40", "41", "42", "43", "44", "60"})
GUIDANCE = frozenset({"21", "22", "23", "24", "25"})
DOCUMENT = f"{{{V3}}}ClinicalDocument"
#: Elements looked at until the report class is found: realmCode, typeId, templateId, id, code.
_FIRST = 40


class Kind(StrEnum):
    """What a file of a delivery is."""

    CHECKUP = "hc08"
    GUIDANCE = "hg08"
    CHECKUP_CLAIM = "cc08"
    GUIDANCE_CLAIM = "gc08"
    INDEX = "ix08"
    SUMMARY = "su08"
    SCHEMA = "xsd"


#: What is passed over, with the rule it is counted by.
BESIDE = {
    Kind.INDEX: "checkup.index",
    Kind.SUMMARY: "checkup.summary",
    Kind.SCHEMA: "checkup.schema_file",
}
_ROOTS = {
    f"{{{MHLW}}}checkupClaim": Kind.CHECKUP_CLAIM,
    f"{{{MHLW}}}healthGuidanceClaim": Kind.GUIDANCE_CLAIM,
    f"{{{MHLW}}}index": Kind.INDEX,
    f"{{{MHLW}}}summary": Kind.SUMMARY,
}


def kind(head: bytes) -> Kind | None:
    """What a file that begins so is; None where it is nothing of such a delivery. Never raises."""
    if V3.encode() not in head and MHLW.encode() not in head:
        return None
    elements = beginning(head, _FIRST)
    root = next(elements, None)
    if root is None:
        return None
    if root.tag == DOCUMENT:
        return next((found for element in elements if (found := _reported(element, root)) is not None), None)
    return of_root(root)


def of_root(root: etree._Element) -> Kind | None:
    """What a document is by its root alone: anything but a clinical document."""
    if root.tag == f"{{{XSD}}}schema":
        return Kind.SCHEMA if root.get("targetNamespace") in (V3, MHLW) else None
    return _ROOTS.get(str(root.tag))


def _reported(element: etree._Element, root: etree._Element) -> Kind | None:
    """Checkup or guidance, where the element is the document's report class. A class of the ministry's list that
    nobody knows (a placeholder) is taken for a checkup's, so that the reader says what is wrong with it."""
    if element.tag != f"{{{V3}}}code" or element.getparent() is not root:
        return None
    system, code = element.get("codeSystem"), element.get("code") or ""
    if system not in (None, REPORT_CLASS):
        return None
    if code in GUIDANCE:
        return Kind.GUIDANCE
    return Kind.CHECKUP if code in CHECKUPS or system == REPORT_CLASS else None
