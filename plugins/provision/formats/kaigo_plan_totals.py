"""Does the summary of benefit plans (8211 給付管理票総括票) count the plans (8222) of the same set?

Reconciled, per care plan provider, before a file is accepted: the number of new, of correcting and of cancelling plans,
own and other prefectures and both kinds of services together. A set without any summary is accepted and said
(``kaigo.no_summary``): a billing program does not write one (grade C). A plan whose line 99 has another total than its
lines is counted (``kaigo.line_total``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from provision.formats.base import BadFile, Report
from provision.formats.kaigo_page import Page

_AGAIN = "the summary (8211) and the plans of the file disagree; ask the sender for a complete file"
#: 作成区分コード -> end of the names of its columns on 8211.
_CHANGES = {"1": "new", "2": "corrected", "3": "cancelled"}


@dataclass
class PlanTotals:
    """Plans counted and plans said, by provider and 作成区分."""

    counted: dict[tuple[str, str], int] = field(default_factory=dict)
    said: dict[tuple[str, str], int] = field(default_factory=dict)
    summaries: int = 0
    wrong_lines: int = 0

    def add(self, found: Mapping[str, pl.DataFrame], page: Page) -> None:
        """Add the plans and summaries of a page."""
        self._add_summaries(found["care_plan_summary"])
        plans = found["care_plan"]
        if not plans.height:
            return
        keys = [pl.col(name).fill_null("") for name in ("facility", "change_kind")]
        for facility, change, count in plans.group_by(keys).len().rows():
            self.counted[facility, change] = self.counted.get((facility, change), 0) + count
        services = found["care_plan_service"].filter(pl.col("detail_no").fill_null(0) != 99)
        units = services.group_by("claim_no").agg(pl.col("planned_units").cast(pl.Int64).sum())
        both = plans.select("claim_no", pl.col("total_units").cast(pl.Int64)).join(units, on="claim_no")
        self.wrong_lines += int((both["total_units"] != both["planned_units"]).sum())

    def _add_summaries(self, frame: pl.DataFrame) -> None:
        self.summaries += frame.height
        for row in frame.iter_rows(named=True):
            for change, word in _CHANGES.items():
                count = sum(row[name] or 0 for name in frame.columns if name.endswith(f"_{word}"))
                key = (row["facility"] or "", change)
                self.said[key] = self.said.get(key, 0) + count

    def reconcile(self, report: Report, *, part: bool) -> None:
        """Raise `BadFile` ``kaigo.totals`` where plans are missing or too many."""
        report.warn("kaigo.line_total", self.wrong_lines)
        report.totals["summaries"] = report.totals.get("summaries", 0) + self.summaries
        if not self.summaries:
            report.warn("kaigo.volume_unreconciled" if part else "kaigo.no_summary")
            return
        for key in sorted(set(self.said) | set(self.counted)):
            if self.said.get(key, 0) != self.counted.get(key, 0):
                raise BadFile("kaigo.totals", field=_CHANGES.get(key[1], "change_kind"), remedy=_AGAIN)
