"""給付管理票 (国保連 interface, data kind 821): benefit plans (様式第十一) as care plan providers send them.

Forms 8211 (総括票) and 8222, older 8221. A plan is a run of records with one key: lines 01 to 98 with a service each,
then line 99 with limit and totals (grade B- and C). Until March 2006 a record has 24 items, since then 27; both lengths
are read in every file. 作成区分 says whether a plan is new, corrects or cancels the one before it with the
same month, insurer, insured number and kind: a plan has no number of its own.

Totals: the numbers of plans on 8211 (`kaigo_plan_totals`). The frame of the file is checked as in `kaigo_file`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from provision.formats.kaigo_file import CareFormat
from provision.formats.kaigo_kind import CareKind, Order, changes
from provision.formats.kaigo_page import Page
from provision.formats.kaigo_plan_totals import PlanTotals
from provision.formats.tables import family


@dataclass(frozen=True)
class PlanKind(CareKind):
    """821: a plan is a run of records with one key, up to the line 99."""

    def arrange(self, page: Page) -> Order:
        """Layouts by form; `BadFile` ``kaigo.form``."""
        form = page.lines.text(2, 4)
        summary = page.data & (form == b"8211")
        plans = page.data & ~summary
        known = page.among(form, plans, self.forms)
        page.stop(plans & ~known, "form", "this exchange form is no benefit plan (8211, 8221, 8222)", "form")
        record = np.full(page.lines.count, -1, np.int8)
        record[summary], record[plans] = self.records.index("8211"), self.records.index("8222")
        return Order(record, plans & changes(page, plans, 9))

    def new_totals(self) -> PlanTotals:
        """The summaries 8211 and what they count."""
        return PlanTotals()


KIND = PlanKind(
    editions=family("kaigo_plan"),
    data_kinds=frozenset({"821"}),
    main_kind="821",
    forms="822[12]",
    words="benefit plans (821)",
    records=("8211", "8222"),
    key=((2, 6, 40), (8, 8, 2), (10, 10, 12)),
    lone=frozenset({"8211"}),
    least={"8222": 26},
    head_last=True,
)

FORMAT = CareFormat("kaigo-plan", "給付管理票（国保連）", "Benefit plans (Kokuhoren)", KIND)
