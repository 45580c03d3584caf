"""Eras, months and birthdays."""

from __future__ import annotations

from datetime import date

import pytest

from provision.sampledata.calendar import Month, birthday, era_day, month_range, quarters


@pytest.mark.parametrize(
    ("day", "digits", "letters"),
    [
        (date(1917, 1, 1), "2060101", "T060101"),
        (date(1926, 12, 24), "2151224", "T151224"),
        (date(1926, 12, 25), "3011225", "S011225"),
        (date(1989, 1, 7), "3640107", "S640107"),
        (date(1989, 1, 8), "4010108", "H010108"),
        (date(2019, 4, 30), "4310430", "H310430"),
        (date(2019, 5, 1), "5010501", "R010501"),
        (date(1912, 7, 29), "1450729", "M450729"),
    ],
)
def test_eras_change_on_the_day(day: date, digits: str, letters: str) -> None:
    assert (era_day(day.toordinal(), False), era_day(day.toordinal(), True)) == (digits, letters)


def test_months() -> None:
    assert month_range("2024-12..2025-02") == ["2024-12", "2025-01", "2025-02"]
    assert month_range("2025-04") == ["2025-04"]
    assert str(Month.of("2024-12").next()) == "2025-01"
    assert Month.of("2019-05").era == "50105"
    assert [len(q) for q in quarters([Month.of(m) for m in month_range("2025-03..2025-09")])] == [1, 3, 3]


@pytest.mark.parametrize("text", ["2025-05..2025-04", "2025-13", "2025", "x"])
def test_wrong_months_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        month_range(text)


def test_a_birthday_on_the_leap_day() -> None:
    born = date(1948, 2, 29).toordinal()
    assert birthday(born, 75) == date(2023, 3, 1).toordinal()
    assert birthday(born, 76) == date(2024, 2, 29).toordinal()
