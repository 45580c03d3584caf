"""FHIR・HL7のレコードID: references to a resource of one person, and identifiers of HL7 version 2 (CX)."""

from __future__ import annotations

import re

from expectations.identifiers.base import Example, Identifier, Strength

_REFERENCE = re.compile(
    r"(?<![A-Za-z])(?:Patient|RelatedPerson|Practitioner|PractitionerRole|Encounter|Coverage|Person|Account|EpisodeOfCare|Claim"
    r"|DocumentReference|DiagnosticReport|Observation|Condition|MedicationRequest|Procedure|ServiceRequest|Specimen)"
    r"/(?=[A-Za-z.-]{0,63}[0-9])[A-Za-z0-9.-]{2,64}(?![A-Za-z0-9])"
)
_URN = re.compile(r"urn:uuid:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
# CX: id, two empty or check fields, authority, type (MR medical record, PI, PT, VN visit, SS, NI, MC).
_CX = re.compile(
    r"(?<![0-9A-Za-z])[A-Z]{0,4}[0-9][0-9A-Z-]{2,18}\^[^\^|]{0,4}\^[^\^|]{0,4}\^[^\^|]{0,60}\^(?:MR|PI|PT|PN|VN|NI|MC|SS|AN)(?![A-Z])"
)
_CX_BARE = re.compile(r"(?<![0-9A-Za-z])[0-9]{4,18}\^\^\^[^|\s]{0,60}")


def _search(text: str, context: str) -> Strength | None:
    if _CX.search(text):
        return Strength.CERTAIN
    found = _REFERENCE.search(text) or _URN.search(text) or _CX_BARE.search(text)
    return Strength.LIKELY if found else None


KIND = Identifier(
    id="fhir_record_id",
    ja="FHIR・HL7レコードID",
    en="Fhir or HL7 record identifier",
    legal="APPI Enforcement Rules art. 34 item 3 (codes linking information the operator handles)",
    source="HL7 FHIR R4 section 2.3 (references), 2.24.0.4 (id); HL7 v2.5 section 2.A.14 (CX), table 0203",
    search=_search,
    must_match=(
        Example("Patient/0012345"),
        Example("Ｐａｔｉｅｎｔ／ａｂｃ－１２３"),
        Example("urn:uuid:6d92078a-8246-4ba4-ae5b-76104861e7dc"),
        Example("0012345^^^HOSP^MR", strength=Strength.CERTAIN),
        Example("0012345^^^JPHOSP"),
    ),
    must_not_match=(
        Example("Patient/name"),
        Example("Observation/value"),
        Example("m^2"),
        Example("10^3"),
        Example("患者/0012345"),
    ),
    traces=r"(?:patient|person|practitioner|role|encounter|coverage|account|care|claim|reference|report|observation|condition"
    r"|request|procedure|specimen)/[a-z0-9.-]|urn:uuid:|[0-9a-z-]\^",
)
