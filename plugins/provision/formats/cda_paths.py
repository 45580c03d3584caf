"""CDAヘッダの許可リスト: where in the head of a checkup document each cell stands, and what must be so of the head.

What no path leads to is not read. Paths of cells are those of `xmlshapes`, tests are XPath; both start at the root and
have the prefix ``h`` for ``urn:hl7-org:v3``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from lxml import etree

V3 = "urn:hl7-org:v3"
#: The address of the ministry's page is the namespace of all that is no CDA.
MHLW = "https://www.mhlw.go.jp/stf/seisakunitsuite/bunya/0000161103.html"
OID = "1.2.392.200119.6"
#: 報告区分コード
REPORT_CLASS = f"{OID}.1001"
CDA = "2.16.840.1.113883.1.3"
PATIENT = "h:recordTarget/h:patientRole"
_EVENT = "h:documentationOf/h:serviceEvent"
_HOLDER = "h:participant[@typeCode='HLD']"
_NUMBER = f"h:representedOrganization/h:id[@root='{OID}.102']/@extension"

#: Place -> what must be so of it; XSD of hc08 and hg08, and one person a document.
STRUCTURE: Mapping[str, str] = {
    "ClinicalDocument": "not(@classCode != 'DOCCLIN' or @moodCode != 'EVN' or @nullFlavor)",
    "typeId": f"count(h:typeId) = 1 and h:typeId/@root = '{CDA}'",
    "code": f"count(h:code) = 1 and (not(h:code/@codeSystem) or h:code/@codeSystem = '{REPORT_CLASS}')",
    "recordTarget": f"count(h:recordTarget) = 1 and count({PATIENT}) = 1",
    "patient": f"count({PATIENT}/h:patient) = 1 and count({PATIENT}/h:patient/h:name) <= 1",
    "author": "boolean(h:author)",
    "custodian": "count(h:custodian) = 1",
    "serviceEvent": f"boolean({_EVENT})",
    "component": "count(h:component) = 1 and count(h:component/h:structuredBody) = 1",
    "section": "boolean(h:component/h:structuredBody/h:component/h:section)",
}
#: Column -> path of what says who it is and what is reported: where different texts stand, the document is refused.
ONE: Mapping[str, str] = {
    "report_class": "h:code/@code",
    "document_date": "h:effectiveTime/@value",
    "insurer": f"{PATIENT}/h:id[@root='{OID}.101']/@extension",
    "symbol": f"{PATIENT}/h:id[@root='{OID}.204']/@extension",
    "number": f"{PATIENT}/h:id[@root='{OID}.205']/@extension",
    "branch": f"{PATIENT}/h:id[@root='{OID}.211']/@extension",
    "birth_month": f"{PATIENT}/h:patient/h:birthTime/@value",
    "sex": f"{PATIENT}/h:patient/h:administrativeGenderCode/@code",
}
#: Column -> path of what may stand there several times: taken where all agree, left out and counted where not.
AGREED: Mapping[str, str] = {
    "zip": f"{PATIENT}/h:addr/h:postalCode",
    "phone": f"{PATIENT}/h:telecom/@value",
    "program": f"{_EVENT}/h:code/@code",
    "facility": f"{_EVENT}/h:performer/h:assignedEntity/{_NUMBER}",
    "author_facility": f"h:author/h:assignedAuthor/{_NUMBER}",
    "coupon": f"{_HOLDER}/h:associatedEntity/h:id/@extension",
    "coupon_until": f"{_HOLDER}/h:time/h:high/@value",
}
#: 実施日: the first in the document; guidance that went on for months has several.
FIRST: Mapping[str, tuple[str, ...]] = {
    "checkup_date": (f"{_EVENT}/h:effectiveTime/@value", f"{_EVENT}/h:effectiveTime/h:low/@value"),
    "patient_name": (f"{PATIENT}/h:patient/h:name",),
}
ADDRESS = f"{PATIENT}/h:addr"
COLUMNS = (*ONE, *AGREED, *FIRST)
#: Places of `STRUCTURE` that are so, or not, in all documents of one shape (`xmlshapes`).
OF_SHAPE = ("recordTarget", "patient", "author", "custodian", "serviceEvent")
PREFIXES = {"h": V3}


@cache
def compiled(path: str) -> etree.XPath:
    """A test ready to use."""
    return etree.XPath(path, namespaces=PREFIXES, smart_strings=False)
