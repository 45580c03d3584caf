"""Which column of a member ledger is which: headings as senders write them, and the words in coded columns.

Headings are compared after NFKC, without spaces and letter case. No official layout exists; the headings are those of
published import lists and of the fields' everyday names (grade C).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from provision.errors import FixConfiguration
from provision.formats.base import BadFile
from provision.formats.headings import fold
from provision.formats.mynumbers import refuse_headings

ALIASES: Mapping[str, tuple[str, ...]] = {
    "person_no": ("宛名番号", "住民番号", "宛名コード"),
    "name": ("氏名", "漢字氏名", "氏名漢字", "氏名(漢字)", "被保険者氏名"),
    "kana": ("カナ氏名", "氏名カナ", "氏名(カナ)", "フリガナ", "被保険者氏名カナ"),
    "birth_month": ("生年月日",),
    "sex": ("性別", "性別コード"),
    "relation": ("続柄", "世帯主との続柄"),
    "zip": ("郵便番号", "〒"),
    "address": ("住所", "現住所", "住所1"),
    "phone": ("電話番号", "電話", "TEL"),
    "nhi_insurer": ("国保保険者番号", "国民健康保険保険者番号", "保険者番号", "保険者番号(国保)"),
    "nhi_symbol": ("記号", "被保険者証記号", "国保記号", "国保被保険者証記号", "被保険者記号"),
    "nhi_number": ("番号", "被保険者証番号", "国保番号", "国保被保険者証番号", "被保険者番号(国保)"),
    "nhi_branch": ("枝番", "国保枝番", "被保険者証枝番"),
    "elderly_insurer": ("後期高齢者保険者番号", "後期高齢者医療保険者番号", "後期保険者番号", "保険者番号(後期)"),
    "elderly_number": (
        "後期高齢者被保険者番号",
        "後期高齢者医療被保険者番号",
        "後期被保険者番号",
        "被保険者番号(後期)",
    ),
    "care_insurer": ("介護保険者番号", "介護保険保険者番号", "保険者番号(介護)"),
    "care_number": ("介護被保険者番号", "介護保険被保険者番号", "被保険者番号(介護)"),
    "care_level": ("要介護状態区分", "要介護度", "要介護状態区分コード"),
    "eligible_from": ("資格取得年月日", "資格取得日", "資格取得年月"),
    "eligible_until": ("資格喪失年月日", "資格喪失日", "資格喪失年月"),
    "checkup_date": ("健診実施年月日", "健診日", "健診受診日", "健診実施日"),
    "height": ("身長", "身長(cm)"),
    "weight": ("体重", "体重(kg)"),
    "waist": ("腹囲", "腹囲(cm)"),
    "systolic": ("収縮期血圧", "最高血圧", "血圧(収縮期)"),
    "diastolic": ("拡張期血圧", "最低血圧", "血圧(拡張期)"),
    "hba1c": ("HbA1c", "HbA1c(NGSP)", "ヘモグロビンA1c"),
    "ldl": ("LDLコレステロール", "LDL-C", "LDL", "LDL-コレステロール"),
    "note": ("備考", "摘要", "メモ"),
}

MANDATORY = ("birth_month", "sex")
#: A ledger must name people by at least one of these: national health, late-elderly or long-term care insurance.
IDENTITY_GROUPS = (
    ("nhi_insurer", "nhi_number"),
    ("elderly_insurer", "elderly_number"),
    ("care_insurer", "care_number"),
)

#: What senders write in coded columns -> code of ``config/codes``.
CODES: Mapping[str, Mapping[str, str]] = {
    "sex": {"1": "1", "2": "2", "男": "1", "女": "2", "男性": "1", "女性": "2", "M": "1", "F": "2"},
    "care_level": {
        **{code: code for code in ("01", "06", "11", "12", "13", "21", "22", "23", "24", "25")},
        "非該当": "01", "事業対象者": "06", "経過的要介護": "11", "要支援1": "12", "要支援2": "13",
        **{f"要介護{level}": f"2{level}" for level in range(1, 6)},
    },
    "relation": {
        **{f"{code:02}": f"{code:02}" for code in (*range(1, 10), 99)},
        "世帯主": "01", "本人": "01", "妻": "02", "夫": "02", "配偶者": "02",
        **dict.fromkeys(("子", "長男", "長女", "二男", "次男", "二女", "次女", "三男", "三女", "養子"), "03"),
        **dict.fromkeys(("父", "母"), "04"), **dict.fromkeys(("孫", "子の子"), "05"),
        **dict.fromkeys(("祖父", "祖母", "父の父", "父の母", "母の父", "母の母"), "06"),
        **dict.fromkeys(("兄", "弟", "姉", "妹"), "07"), **dict.fromkeys(("子の妻", "子の夫"), "08"),
        **dict.fromkeys(("妻の父", "妻の母", "夫の父", "夫の母"), "09"),
        **dict.fromkeys(("同居人", "縁故者", "その他"), "99"),
    },
}  # fmt: skip


def find_columns(header: Sequence[str], known: Iterable[str], options: Mapping[str, object]) -> dict[str, int]:
    """Our column name -> position in `header`.

    Raises `BadFile`: ``my_number`` for a heading of My Numbers, ``ledger.duplicate_header`` where two headings are the
    same or mean the same column, ``ledger.header`` where birth, sex or every identity group is missing (also the sign
    of a file in another format or encoding). `FixConfiguration` for options that are not a column map.
    """
    names = _headings(set(known), options)
    folded = [fold(cell) for cell in header]
    refuse_headings(header)
    found = {names[cell]: place for place, cell in enumerate(folded) if cell in names}
    grouped = any(all(name in found for name in group) for group in IDENTITY_GROUPS)
    if not grouped or any(name not in found for name in MANDATORY):
        raise BadFile(
            "ledger.header",
            record=1,
            remedy="birth date, sex and one insurer with number are needed: other encoding or format, or name the"
            " headings under format_options: columns",
        )
    meant = [names.get(cell, cell) for cell in folded if cell]
    if len(set(meant)) < len(meant):
        raise BadFile("ledger.duplicate_header", record=1, remedy="every heading may occur once; correct the file")
    return found


def _headings(known: set[str], options: Mapping[str, object]) -> dict[str, str]:
    """Folded heading -> our column, built-in ones and those of the option ``columns``."""
    extra = options.get("columns", {})
    if set(options) - {"columns"} or not isinstance(extra, Mapping) or set(extra) - known:
        raise FixConfiguration(
            "format_options of member-ledger are not a column map",
            rule="format.options",
            remedy=f"write columns: {{our column: [heading, ...]}} with {', '.join(sorted(known))}",
        )
    names = {fold(heading): column for column, headings in ALIASES.items() for heading in headings}
    for column, headings in extra.items():
        for heading in [headings] if isinstance(headings, str) else headings:
            names[fold(str(heading))] = str(column)
    return names


def recoded(column: str) -> pl.Expr:
    """The words of a coded column as codes; unknown words become null."""
    plain = pl.col(column).str.normalize("NFKC").str.replace_all(r"\s", "").str.to_uppercase()
    return plain.replace_strict(dict(CODES[column]), default=None, return_dtype=pl.String).alias(column)
