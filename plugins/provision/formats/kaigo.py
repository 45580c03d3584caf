"""介護給付費 (国保連 interface, data kind 711): nursing-care invoices and claims as care facilities send them.

Forms 7111 (請求書) and 7131, 7132, 7143, 7144, 7153-7156, 7164, 7165, 7171, 7173, 7175, 7176, 7183, 7193, 71A3 (明細書,
record kinds 01 to 17). Order and digits of the records come from the field tables (grade C: a shipping billing
program). Longer records are accepted and the surplus dropped (later editions append items); record kinds whose layout
is not known are accepted, counted and not read. A claim has no number of its own: month, provider, insurer, insured
number and form are its key.

Editions: until April 2012 record 03 ends before 所定疾患施設療養費. Claims of earlier months are still sent later in
their own layout, so both lengths are read in every file; the edition of a file is that of its processing month.

Checked before anything is accepted: running numbers without a gap, data count of the control record, the end record,
every record belonging to the claim opened by the record 01 before it (same form, month, provider, insurer and insured
number), and the totals (`kaigo_totals`). Care planning (812x) in the same file is refused: it is `kaigo_support`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from provision.formats.kaigo_file import CareFormat
from provision.formats.kaigo_kind import CareKind, Order
from provision.formats.kaigo_page import Page
from provision.formats.kaigo_totals import ClaimTotals
from provision.formats.tables import family


@dataclass(frozen=True)
class ClaimKind(CareKind):
    """711: record 01 opens a claim, the others follow it."""

    def arrange(self, page: Page) -> Order:
        """Layouts by form and record kind; `BadFile` ``kaigo.form`` and ``kaigo.record_kind``."""
        form, kind = page.lines.text(2, 4), page.lines.text(3, 2)
        invoice = page.data & (form == b"7111")
        details = page.data & ~invoice
        page.stop(
            details & ~page.among(form, details, self.forms), "form", "this form is none of the 711 claims", "form"
        )
        known = page.among(kind, details, "0[1-9]|1[0-7]")
        page.stop(details & ~known, "record_kind", "record kinds are 01 to 17", "record_kind")
        record = np.full(page.lines.count, -1, np.int8)
        record[details] = self.records.index("other")
        record[invoice] = self.records.index("7111")
        for place, name in enumerate(self.records[1:-1], 1):
            record[details & (kind == name.encode())] = place
        page.report.warn("kaigo.layout_unknown", int((record == self.records.index("other")).sum()))
        return Order(record, details & (kind == b"01"))

    def new_totals(self) -> ClaimTotals:
        """The invoices 7111 and what they add up."""
        return ClaimTotals()


KIND = ClaimKind(
    editions=family("kaigo"),
    data_kinds=frozenset({"711"}),
    main_kind="711",
    forms="71[3-9A][0-9]",
    words="nursing-care claims (711)",
    records=("7111", "01", "02", "03", "04", "10", "11", "12", "other"),
    key=((2, 2, 4), (4, 7, 40)),
    lone=frozenset({"7111"}),
    least={"03": 48},
    shared=frozenset({"form", "service_month", "facility", "care_insurer"}),
)

FORMAT = CareFormat("kaigo-claims", "介護給付費請求書・明細書（国保連）", "Nursing-care claims (Kokuhoren)", KIND)
