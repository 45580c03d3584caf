"""カルテ番号・患者番号: the number one facility knows a patient by; free in form, so only with a label."""

from __future__ import annotations

from expectations.identifiers.base import Example, Identifier, Labelled, Strength, squeezed

_VALUE = r"[A-Z]{0,3}-?[0-9][0-9-]{2,18}"
_chart = Labelled(
    r"カルテ(?:番号|no\.?|id)?|診療録番号|診察券(?:番号|no\.?)?|(?<![A-Za-z])ID番号|(?<![a-z])(?:chart|karte|mrn)(?:_?(?:no|number|id))?(?![a-z])",
    _VALUE,
)
_patient = Labelled(r"患者(?:番号|id|no\.?)|利用者(?:番号|id)|(?<![a-z])(?:patient)_?(?:no|number|id)(?![a-z])", _VALUE)


#: What stands before a chart number; also before those whose form a source gives (`expectations/chart_forms.py`).
LABELS = rf"{_chart.labels}|{_patient.labels}"
# ID alone says not whose it is; with four digits and more behind it, it is likely a patient's.
_id = Labelled(r"(?<![0-9A-Za-z_-])ID(?:番号|no\.?)?(?=[ :=#(])", r"[0-9]{4,12}")


def _search(text: str, context: str) -> Strength | None:
    if _chart(text, context) or _patient(text, ""):
        return Strength.CERTAIN
    # A column of patient ids may hold the random numbers of a release.
    return Strength.LIKELY if _patient(text, context) or _id(text, "") else None


KIND = Identifier(
    id="chart_number",
    ja="カルテ番号",
    en="Chart number",
    legal="APPI Enforcement Rules art. 34 item 3 (codes linking information the operator handles)",
    source="Claim record specification, RE record: chart number of up to 20 characters",
    search=_search,
    must_match=(
        Example("カルテ番号：00123456", strength=Strength.CERTAIN),
        Example("診察券No.12-3456", strength=Strength.CERTAIN),
        Example("ID番号 0012345", strength=Strength.CERTAIN),
        Example("患者ＩＤ　０００１２３４", strength=Strength.CERTAIN),
        Example("A0012345", context="chart_no", strength=Strength.CERTAIN),
        Example("0012345", context="patient_id"),
        Example("ID：0012345 の方"),
    ),
    must_not_match=(
        Example("00123456"),
        Example("カルテに記載"),
        Example("患者数 12"),
        Example("ID 12"),
        Example("0012345", context="points"),
    ),
    traces=squeezed(rf"{_chart.labels}|{_patient.labels}|ID(?:番号|no\.?)?[:=#(]?[0-9]"),
    labels=LABELS,
)
