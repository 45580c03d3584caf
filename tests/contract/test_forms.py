"""What may be stored has no room for a telephone number or a name: the forms of every stored column of every edition.

A number that only looks like a code cannot be told from one by its form. These forms can at least be kept so narrow
that numbers with a form of their own, and texts, do not fit.
"""

from __future__ import annotations

import re

import pytest

from provision.formats import coverage, formats
from provision.formats.tables import DROPPED

#: A landline, mobiles, as they are written; names in kanji, kana, half-width kana and Latin letters with a space.
DIRECT = (
    "0312345678", "03-1234-5678", "09012345678", "090-1234-5678", "０９０１２３４５６７８", "架空山花子", "カクウヤマ",
    "ｶｸｳﾔﾏ ﾊﾅｺ", "ｶｸｳﾔﾏ", "Kakuyama Hanako",
)  # fmt: skip
#: Columns whose own form is as wide, and why.
WIDE = {
    "facility": "numbers of care facilities have ten places and begin with 0 in nine prefectures",
    "care_plan_facility": "as facility",
    "entrusted_facility": "as facility",
    "service_facility": "as facility",
    "author_facility": "as facility, of who wrote a checkup document",
    "notifications": "a list of two-character codes",
    "special_notes": "a list of two-digit codes",
    "absence_days": "a digit for every day of a month",
    "question": "codes of questions are known ones or declared by the source, which is asked before",
    "value": "every payload of Form 1 has a form of its own, which is asked before",
}
COLUMNS = sorted(
    {
        (name, field.table, field.column.name, field.column.domain.removeprefix("form:"))
        for name, source in formats().items()
        for table in coverage.editions(source)
        for field in table.fields
        if field.column.cls not in DROPPED and field.column.domain.startswith("form:")
    }
)


@pytest.mark.parametrize("name", sorted({name for name, *_ in COLUMNS}))
def test_no_telephone_number_and_no_name_fits_into_a_form(name: str) -> None:
    admitted = {
        (table, column)
        for form, table, column, pattern in COLUMNS
        if form == name and column not in WIDE and any(re.fullmatch(pattern, text) for text in DIRECT)
    }
    assert not admitted


def test_the_exceptions_are_still_needed() -> None:
    wide = {column for *_, column, pattern in COLUMNS if any(re.fullmatch(pattern, text) for text in DIRECT)}
    assert wide == set(WIDE)
