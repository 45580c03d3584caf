"""居宅介護支援費 (国保連 interface): care planning claims (様式第七), forms 8122 to 8125, older 8121.

They come as data kind 812, or with their invoice 7111 (請求情報区分 02) as data kind 711 (programs differ; grade C).
Two layouts, told apart by their length in every file, because late claims keep the layout of their month: from April
2009 on 24 items, several records a claim, the last one numbered 99 with the totals (grade C); before that 18 items, a
claim is one record (grade B-). Lengths in between are read as the older layout and the surplus is dropped: what was
appended in 2006 was not seen (grade D). A claim has no number of its own: form, provider, month, insurer and insured
number are its key.

Totals: `kaigo_support_totals`. The frame of the file is checked as in `kaigo_file`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from provision.formats.kaigo_file import CareFormat
from provision.formats.kaigo_kind import CareKind, Order, changes
from provision.formats.kaigo_page import Page
from provision.formats.kaigo_support_totals import SupportTotals
from provision.formats.tables import family

_NEW_ITEMS = 26


@dataclass(frozen=True)
class SupportKind(CareKind):
    """812: a claim is a run of records with one key, up to the line 99."""

    def arrange(self, page: Page) -> Order:
        """Layouts by length; `BadFile` ``kaigo.form``."""
        form = page.lines.text(2, 4)
        invoice = page.data & (form == b"7111")
        claims = page.data & ~invoice
        known = page.among(form, claims, self.forms)
        page.stop(claims & ~known, "form", "this exchange form is none of care planning (812x)", "form")
        new = claims & (page.lines.items >= _NEW_ITEMS)
        record = np.full(page.lines.count, -1, np.int8)
        for name, mask in (("7111", invoice), ("8121", claims & ~new), ("8124", new)):
            record[mask] = self.records.index(name)
        return Order(record, claims & (~new | changes(page, claims, 17)))

    def new_totals(self) -> SupportTotals:
        """The invoices 7111 and what they add up."""
        return SupportTotals()


KIND = SupportKind(
    editions=family("kaigo_support"),
    data_kinds=frozenset({"711", "812"}),
    main_kind="812",
    forms="812[1-5]",
    words="care planning claims (812)",
    records=("7111", "8121", "8124"),
    key=((2, 3, 16), (5, 6, 16), (8, 8, 12)),
    lone=frozenset({"7111"}),
    head_last=True,
)

FORMAT = CareFormat("kaigo-support", "居宅サービス計画費（国保連）", "Care planning claims (Kokuhoren)", KIND)
