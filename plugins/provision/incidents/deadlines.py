"""報告期限: 個人情報の保護に関する法律26条1項、同法施行規則 (平成28年個人情報保護委員会規則第3号) 8条.

速報 first report: 速やかに after it was known (8条1項; the guideline, 通則編 3-5-3-3, says about 3 to 5 days).
確報 final report: within 30 days from the day it was known, 60 where a wrong purpose may be behind it (8条2項, 7条3号).
The day on which it was known counts as the first, and a last day of rest is not moved: the earlier day is always in
time. A lawyer confirms both (docs/operations.md says what was read, and what was not).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Deadlines:
    """Last days in Japan."""

    known: date
    first_report: date
    first_report_latest: date
    final_report: date

    def facts(self) -> dict[str, str]:
        """JSON-ready."""
        return {name: day.isoformat() for name, day in vars(self).items()}


def deadlines(known: date, *, wrong_purpose: bool) -> Deadlines:
    """Of an incident that was known on this day in Japan."""

    def day(number: int) -> date:
        return known + timedelta(days=number - 1)

    return Deadlines(known, day(3), day(5), day(60 if wrong_purpose else 30))
