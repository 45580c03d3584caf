"""伝票・オーダ・検体・処方箋・予約・会計の番号: they lead back to one visit in the source system."""

from __future__ import annotations

from expectations.identifiers.base import Example, Identifier, Labelled, Strength

_LABELS = (
    r"(?:伝票|オーダ[ーｰ]?|依頼|検体|採血|受付|処方(?:箋|せん)|引換|予約|会計|整理|領収(?:書|証)?|報告書|照射録|手術|入院|来院|受診)(?:管理)?(?:番号|no\.?|id)"
    r"|(?<![a-z])(?:slip|order|specimen|accession|prescription|reservation|reception|invoice|visit|encounter|placer|filler)"
    r"_?(?:no|number|id)(?![a-z])"
)
_led = Labelled(_LABELS, r"[A-Z]{0,4}-?[0-9][0-9-]{4,19}")


def _search(text: str, context: str) -> Strength | None:
    return Strength.CERTAIN if _led(text, context) else None


KIND = Identifier(
    id="slip_number",
    ja="伝票・オーダ・検体番号",
    en="Slip or order number",
    legal="APPI Enforcement Rules art. 34 item 3 (codes linking information the operator handles)",
    source="HL7 v2.5 ORC-2, ORC-3, OBR-3, SPM-2; DICOM PS3.3 Accession Number (0008,0050); customary labels",
    search=_search,
    must_match=(
        Example("伝票番号：20240001234", strength=Strength.CERTAIN),
        Example("検体番号　Ａ１２３４５６", strength=Strength.CERTAIN),
        Example("処方箋番号 0012345", strength=Strength.CERTAIN),
        Example("2024000123", context="accession_number", strength=Strength.CERTAIN),
    ),
    must_not_match=(
        Example("20240001234"),
        Example("予約 3件"),
        Example("受付番号 12"),
        Example("12", context="order_no"),
    ),
    labels=_LABELS,
)
