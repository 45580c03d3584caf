"""時刻の丸め: the time of a timestamp to bins of minutes."""

from __future__ import annotations

import polars as pl

from anonymization.rules.base import ColumnRule, Parameters, Title
from anonymization.rules.support.domains import Domain, Form
from anonymization.rules.support.options import Option

_DAY = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_STAMP = rf"^({_DAY})[ T]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\.[0-9]+)?)?$"


class TimeBins(ColumnRule):
    """A timestamp to the beginning of its bin of `minutes`, a divisor of a day.

    PPC secretariat's report: seconds go, 30 or 60 minutes where few customers come; NDB guideline: times of death in
    bins of two hours. What has no time, or another form, goes.

    >>> after("time-bins", ["2026-03-17 19:30:28", "2026-03-17T07:09", "2026-03-17", None], minutes=60)
    ['2026-03-17 19:00', '2026-03-17 07:00', None, None]
    >>> after("time-bins", ["2026-03-17 19:30:28"], minutes=1)
    ['2026-03-17 19:30']
    """

    id = "time-bins"
    title = Title("時刻の丸め", "Times in bins")
    law = "規則34条5号"
    schema = (Option("minutes", int, "minutes of a bin, a divisor of a day", 60, least=1, most=1440),)

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Refuse bins that do not fill a day."""
        if 1440 % asked.number("minutes"):
            raise self.unfit("minutes", "divides the 1440 of a day")
        return asked

    def after(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """YYYY-MM-DD HH:MM, or null."""
        parts = pl.col(column).cast(pl.String).str.extract_groups(_STAMP).struct
        minute = parts[1].cast(pl.Int32) * 60 + parts[2].cast(pl.Int32)
        start = minute // parameters.number("minutes") * parameters.number("minutes")
        hour, rest = ((number).cast(pl.String).str.zfill(2) for number in (start // 60, start % 60))
        return parts[0] + " " + hour + ":" + rest

    def domain(self, column: str, parameters: Parameters, before: Domain) -> Domain:
        """A day and the beginning of a bin."""
        starts = range(0, 1440, parameters.number("minutes"))
        minutes = sorted({f"{start % 60:02d}" for start in starts})
        return Form(rf"{_DAY} (?:[01][0-9]|2[0-3]):(?:{'|'.join(minutes)})")


RULE = TimeBins()
