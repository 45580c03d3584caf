"""検査値と回答: the one shape of test values and of answers to questions, whatever format they come in.

A dataset with test values has a table ``test_value``, one with a questionnaire a table ``answer``; their columns are
those below, to the letter (held by tests/contract/test_test_values.py), so that a release can ask for HbA1c across
checkups, records and bundles by `item` alone. What a value is called comes from our lists, never from the sender.

`item` is ours (config/codes/test_item.tsv): the code's analyte, identification and material decide, so that values of
different methods are one item and values that may not be compared (HbA1c JDS and NGSP, fasting and casual) are not.
Codes that are neither of a public system nor declared by the source are not kept: rows of theirs are counted.
"""

from __future__ import annotations

from functools import cache, lru_cache

import polars as pl

from provision import codes
from provision.formats.base import Column, ColumnClass

_NUMBER = "range:-9999999.9999..9999999.9999/0.0001"
_OID = r"form:[0-2](?:\.[0-9]{1,6}){2,12}"
#: 結果コード: numbers of a result list, and the signs of qualitative tests in their one spelling.
RESULT_FORM = "form:[0-9]{1,4}|neg|trace|[1-5]pos|A|B|O|AB"


def _column(name: str, ja: str, en: str, dtype: str, domain: str, cls: ColumnClass = ColumnClass.ORDINARY) -> Column:
    return Column(name, ja, en, cls, dtype, domain, category=4)


#: 検査値
TEST_VALUE = (
    _column("value_no", "値番号", "Number of the value in the record", "integer", "range:1..999999"),
    _column("observed", "検査日", "Date of the test", "string", "date", ColumnClass.QUASI),
    _column("item", "検査項目", "Test item", "string", "code:test_item"),
    _column("code_system", "コード体系", "Code system", "string", "code:test_code_system"),
    _column("code", "項目コード", "Code of the item", "string", "form:[0-9A-Z]{15}|[0-9A-Z]{17}|[0-9]{1,5}-[0-9]"),
    _column("value_number", "結果（数値）", "Result as a number", "decimal", _NUMBER),
    _column("comparator", "以上・以下", "Comparator", "string", "code:comparator"),
    _column("value_code", "結果（コード）", "Result as a code", "string", RESULT_FORM),
    _column("value_system", "結果コードの体系", "Code system of the result", "string", _OID),
    _column("unit", "単位", "Unit", "string", "code:test_unit"),
    _column("ref_low", "基準値下限", "Lower end of the reference range", "decimal", _NUMBER),
    _column("ref_high", "基準値上限", "Upper end of the reference range", "decimal", _NUMBER),
    _column("flag", "判定", "Flag", "string", "code:test_flag"),
    _column("absent", "未実施・測定不能", "Why there is no result", "string", "code:test_absent"),
)

#: 質問票の回答
ANSWER = (
    _column("answer_no", "回答番号", "Number of the answer in the record", "integer", "range:1..999999"),
    _column("answered", "回答日", "Date of the answer", "string", "date", ColumnClass.QUASI),
    _column("question", "質問コード", "Code of the question", "string", "form:[0-9A-Za-z][0-9A-Za-z._/-]{0,63}"),
    _column("answer_code", "回答コード", "Answer as a code", "string", "form:[0-9]{1,4}|true|false"),
    _column("answer_system", "回答コードの体系", "Code system of the answer", "string", _OID),
    _column("answer_number", "回答（数値）", "Answer as a number", "decimal", _NUMBER),
    _column("unit", "単位", "Unit", "string", "code:test_unit"),
    _column("absent", "無回答", "Why there is no answer", "string", "code:test_absent"),
)

#: No code is longer; what senders write is remembered in bounds.
_LONGEST = 100
JLAC10, JLAC11, LOINC, DECLARED = "jlac10", "jlac11", "loinc", "declared"


@cache
def _listed() -> tuple[list[str], ...]:
    """The lines of the list with their cells: item, its names, beginnings of codes, what its result is."""
    path = next(folder / "test_item.tsv" for folder in codes.folders() if (folder / "test_item.tsv").is_file())
    lines = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return tuple(cells for cells in lines if cells[0] != "code" and len(cells) >= 4)


@cache
def _places() -> dict[tuple[str, str], str]:
    """(system, beginning of a code) -> item."""
    found = {}
    for item, _, _, places, *_ in _listed():
        for word in places.split():
            system, _, code = word.rpartition(":")
            found[system or JLAC10, code] = item
    return found


@cache
def _numbers() -> frozenset[str]:
    return frozenset(cells[0] for cells in _listed() if cells[4:5] == ["number"])


def is_number(item: str | None, system: str, code: str | None) -> bool:
    """Whether a result can only be a number, by our list and by the code itself: a JLAC10 code may say that it is of
    something else than the value (結果識別, its last two digits; 01 and 02 are values: 2024 item table, grade B)."""
    other = system == JLAC10 and len(code or "") == 17 and (code or "")[15:] not in ("01", "02")
    return item in _numbers() and not other


def item_of(system: str, code: str) -> str:
    """The item of a code in `system`, "" where it is none of the list. A JLAC10 code of 15 or 17 digits belongs to the
    item with the longest beginning of it: analyte (5), identification (9), material (12)."""
    return _item_of(system, code) if len(code) <= _LONGEST else ""


@lru_cache(maxsize=65_536)
def _item_of(system: str, code: str) -> str:
    places = _places()
    if system != JLAC10:
        return places.get((system, code), "")
    for length in (17, 15, 12, 9, 5):
        if len(code) >= length and (found := places.get((system, code[:length]))):
            return found
    return ""


def items(systems: pl.Series, words: pl.Series) -> pl.Series:
    """`item_of` for whole columns, asked once per pair; null where there is no item."""
    pairs = pl.DataFrame({"system": systems, "code": words})
    known = pairs.unique().drop_nulls()
    found = [item_of(*row) or None for row in known.iter_rows()]
    named = known.with_columns(item=pl.Series(found, dtype=pl.String))
    return pairs.join(named, on=["system", "code"], how="left", maintain_order="left")["item"]
