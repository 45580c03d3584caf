"""Do the totals of an invoice (7111, 請求情報区分 02) agree with the care planning claims (812x) of the same set?

Reconciled, per service month and care provider, before a file is accepted: for insurance (保険・公費等区分 1) the
number of claims whose insured number does not begin with H, the sum of their サービス単位数 and of their 請求金額, and
on the invoice total cost = insurance + public + users' share; for public payers (区分 2) at most as many claims as
name a payer. Claims without any invoice in the file are accepted and said (``kaigo.no_invoice``): a program
sends them so (grade C). A claim whose line 99 has another total than its lines is counted (``kaigo.line_total``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from provision.formats.base import BadFile, Report
from provision.formats.kaigo_page import Page
from provision.formats.kaigo_totals import AGAIN, Invoice, Invoices, Place, Sums, by_place


@dataclass
class SupportTotals:
    """Sums of the claims and the invoices of one set, by place."""

    insurance: dict[Place, Sums] = field(default_factory=dict)
    public: dict[Place, Sums] = field(default_factory=dict)
    invoices: Invoices = field(default_factory=Invoices)
    wrong_lines: int = 0

    def add(self, found: Mapping[str, pl.DataFrame], page: Page) -> None:
        """Add the claims and invoices of a page."""
        self.invoices.add(found["support_invoice"], page)
        if not found["support_claim"].height:
            return
        sums = _sums(found["support_claim"], found["support_service"])
        self.wrong_lines += int((sums["total_units"] != sums["units"]).sum())
        insured = ~pl.col("insured_number").str.starts_with("H")
        paid = pl.col("public1_payer").is_not_null()
        for totals, frame in ((self.insurance, sums.filter(insured)), (self.public, sums.filter(paid))):
            for place, numbers in by_place(frame):
                totals.setdefault((place[0], place[1]), Sums()).add(*numbers)

    def reconcile(self, report: Report, *, part: bool) -> None:
        """Raise `BadFile` ``kaigo.totals`` at the first invoice, or claims without one, that do not add up."""
        report.warn("kaigo.line_total", self.wrong_lines)
        report.totals["invoices"] = report.totals.get("invoices", 0) + len(self.invoices.found)
        if not self.invoices.found:
            report.warn("kaigo.volume_unreconciled" if part else "kaigo.no_invoice")
            return
        seen: set[Place] = set()
        for (place, payer, _, category), invoice in self.invoices.found.items():
            if category != "02":
                report.warn("kaigo.invoice_unreconciled")
            elif payer == "1":
                invoice.same(place in seen, False, "payer_kind")
                seen.add(place)
                self._insurance(place, invoice)
            else:
                named = self.public.get(place, Sums()).claims
                invoice.same(invoice.claims <= named, True, "claims")
        if set(self.insurance) - seen:
            raise BadFile("kaigo.totals", field="invoice", remedy=AGAIN)

    def _insurance(self, place: Place, invoice: Invoice) -> None:
        sums = self.insurance.get(place, Sums())
        invoice.same(invoice.claims, sums.claims, "claims")
        invoice.same(invoice.units, sums.units, "units")
        invoice.same(invoice.insurance_amount, sums.amount, "insurance_amount")
        paid = invoice.insurance_amount + invoice.public_amount + invoice.own_share
        invoice.same(invoice.cost, paid, "cost")


def _sums(claims: pl.DataFrame, services: pl.DataFrame) -> pl.DataFrame:
    """Per claim: place, insured number, payer, one claim, its units and amount, and the total of its last line."""
    units = services.group_by("claim_no").agg(pl.col("units").cast(pl.Int64).sum())
    who = claims.select("claim_no", "service_month", "facility", "insured_number", "public1_payer")
    numbers = claims.select(
        claims=pl.lit(1, pl.Int64),
        amount=pl.col("amount").cast(pl.Int64).fill_null(0),
        total_units=pl.col("total_units").cast(pl.Int64),
    )
    return who.hstack(numbers).join(units, on="claim_no", how="left")
