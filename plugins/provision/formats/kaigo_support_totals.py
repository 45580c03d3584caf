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

import numpy as np
import polars as pl

from provision.formats.base import BadFile, Report
from provision.formats.kaigo_page import Page
from provision.formats.kaigo_totals import AGAIN, Invoice, Invoices, Place, Sums


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
        for month, facility, *numbers in _by_place(sums).iter_rows():
            for totals, own in ((self.insurance, numbers[:3]), (self.public, numbers[3:])):
                if own[0]:
                    totals.setdefault((month, facility), Sums()).add(*own)

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
    """Per claim: place, whether it is insurance's and has a public payer, units, amount, and the total of its last
    line. Claims are numbered without a gap."""
    at = (services["claim_no"] - claims["claim_no"][0]).to_numpy()
    units = services["units"].cast(pl.Int64).fill_null(0).to_numpy()
    return claims.select(
        pl.col("service_month", "facility").fill_null(""),
        pl.col("amount", "total_units").cast(pl.Int64),
        insured=~pl.col("insured_number").str.starts_with("H"),
        paid=pl.col("public1_payer").is_not_null(),
        units=pl.Series(np.bincount(at, units, claims.height).astype(np.int64)),  # sums of these are exact as floats
    )


def _by_place(sums: pl.DataFrame) -> pl.DataFrame:
    """Per month and provider: claims, units and amount of insurance, then those of claims with a public payer."""
    return sums.group_by("service_month", "facility").agg(
        total.alias(f"{whose}_{name}")
        for whose in ("insured", "paid")
        for name, total in (
            ("claims", pl.col(whose).sum()),
            ("units", pl.col("units").filter(pl.col(whose)).sum()),
            ("amount", pl.col("amount").filter(pl.col(whose)).sum()),
        )
    )
