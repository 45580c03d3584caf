"""DICOMのUID: the number of one study, series or image; its device and moment lead back to one examination."""

from __future__ import annotations

import re

from expectations.identifiers.base import Example, Identifier, Strength

_OID = re.compile(r"(?<![0-9A-Za-z.])([0-2](?:\.(?:0|[1-9][0-9]*)){2,})(?![0-9A-Za-z]|\.[0-9])")
_LABELS = r"(?<![a-z])(?:study|series|sop|instance|frame_?of_?reference|dicom)_?(?:instance_?)?_?uid(?![a-z])"
_LABEL = re.compile(_LABELS, re.IGNORECASE)
# Registered for everybody: classes and syntaxes of DICOM, code systems and templates of HL7 and of Japan.
_CLASSES = re.compile(r"1\.2\.840\.10008\.|2\.16\.840\.1\.113883\.|1\.2\.392\.(?:100495|200119)\.")
_LONG = re.compile(r"(?:^|\.)[0-9]{8,}(?:\.|$)")


def _search(text: str, context: str) -> Strength | None:
    found = [match.group(1) for match in _OID.finditer(text)]
    if _LABEL.search(context) or _LABEL.search(text):
        found = [one for one in found if not one.startswith("1.2.840.10008.")]
        return Strength.CERTAIN if any(len(one) >= 12 for one in found) else None
    if any(_LONG.search(one) for one in found):
        return Strength.LIKELY
    return Strength.LIKELY if any(len(one) >= 32 and not _CLASSES.match(one) for one in found) else None


KIND = Identifier(
    id="dicom_uid",
    ja="DICOM UID",
    en="Dicom unique identifier",
    legal="APPI Enforcement Rules art. 34 item 3 (codes linking information the operator handles)",
    source="DICOM PS3.5 section 9 and annex B; PS3.15 table E.1-1 (UIDs are replaced); registered roots: PS3.6 annex A",
    search=_search,
    must_match=(
        Example("1.2.392.200036.9116.2.6.1.48.1215508268.1034562.335668"),
        Example("2.25.329800735698586629295641978511506172918"),
        Example("１．２．８４０．１１３６１９．２．５．１７６２５８３１５３．２１５５１９．９７８９５７０６３．７８"),
        Example("1.3.12.2.1107.5.1.4", context="StudyInstanceUID", strength=Strength.CERTAIN),
        Example("1.2.392.100495.20.3.51.11310000001"),
    ),
    must_not_match=(
        Example("1.2.840.10008.5.1.4.1.1.2"),
        Example("1.2.392.200119.6.2003"),
        Example("urn:oid:1.2.392.100495.20.3.41"),
        Example("2.16.840.1.113883.6.96"),
        Example("3.1.2"),
    ),
    traces=r"[0-2](?:\.[0-9]{1,39}){2}",
    labels=_LABELS,
)
