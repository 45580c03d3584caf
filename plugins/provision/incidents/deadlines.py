"""報告期限: 個人情報の保護に関する法律26条1項、施行規則8条; the day on which it was known counts as the first.

速報: 速やかに (guideline: 3 to 5 days). 確報: within 30 days, 60 where a wrong purpose may be behind it (規則7条3号).
That a day of rest moves the last day is not made use of: the earlier day is always in time.
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
