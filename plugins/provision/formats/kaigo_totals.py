"""Do the totals of a nursing-care invoice (7111 介護給付費請求書) agree with the claims of the same set?

Reconciled, per service month and care provider, before a file is accepted:

* insurance (保険・公費等区分 1, 請求情報区分 other than 02): number of claims = number of records 01 whose insured
  number does not begin with H (welfare only, not insured); units = sum of 単位数合計 and of 保険分出来高 単位数合計 of
  their records 10; amount claimed = sum of 請求額, 緊急時施設療養費請求額 and 特定診療費請求額 of the insurance
  total in their records 01; and on the invoice itself total cost = insurance + public + users' share. A month and
  provider with such claims and no such invoice does not reconcile either.
* public payers (区分 2), per law number (法別番号): units = sum of the units of the payers of that law in records 10;
  at most as many claims as name a payer of that law (claims with nothing to pay are left out by some programs).

Not reconciled: care planning (請求情報区分 02), whose claims (812x) come in other records: counted as a warning
``kaigo.invoice_unreconciled``; the totals of low-income board (特定入所者), whose claims are counted differently by
programs; and a file that begins with a later volume and has no invoice: ``kaigo.volume_unreconciled``.
Source: how the program of the field table adds up its invoice (grade C).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from provision.formats.base import BadFile, Report
from provision.formats.kaigo_columns import LINE
from provision.formats.kaigo_page import Page

Place = tuple[str, str]  # service month, care provider

AGAIN = "the invoice (7111) and the claims of the file disagree; ask the sender for a complete file"
_PLACE = ("service_month", "facility")
_PAYERS = (1, 2, 3)


@dataclass
class Sums:
    """Claims, units and amount of one place and payer."""

    claims: int = 0
    units: int = 0
    amount: int = 0

    def add(self, claims: int, units: int, amount: int) -> None:
        """Add another sum."""
        self.claims, self.units, self.amount = self.claims + claims, self.units + units, self.amount + amount


@dataclass(frozen=True)
class Invoice:
    """One record 7111."""

    record: int
    payer_kind: str
    public_law: str
    invoice_category: str
    claims: int
    units: int
    cost: int
    insurance_amount: int
    public_amount: int
    own_share: int

    def same(self, one: int, other: int, name: str) -> None:
        """Raise `BadFile` ``kaigo.totals`` where two numbers differ."""
        if one != other:
            raise BadFile("kaigo.totals", record=self.record, field=name, remedy=AGAIN)


_NUMBERS = ("claims", "units", "cost", "insurance_amount", "public_amount", "own_share")
_WORDS = ("payer_kind", "public_law", "invoice_category")


@dataclass
class Invoices:
    """The invoices of one set by place, payer, law and category."""

    found: dict[tuple[Place, str, str, str], Invoice] = field(default_factory=dict)

    def add(self, frame: pl.DataFrame, page: Page) -> None:
        """Add the records 7111 of a page; `BadFile` ``kaigo.invoice_twice`` where the same was there before."""
        for row in frame.iter_rows(named=True):
            payer, law, category = (str(row[name] or "") for name in _WORDS)
            numbers = (int(row[name] or 0) for name in _NUMBERS)
            made = Invoice(page.offset + row[LINE] + 1, payer, law, category, *numbers)
            key = ((row["service_month"] or "", row["facility"] or ""), payer, law, category)
            if key in self.found:
                raise BadFile("kaigo.invoice_twice", record=made.record, remedy=AGAIN)
            self.found[key] = made


def by_place(frame: pl.DataFrame, *further: str) -> Iterator[tuple[tuple[str, ...], tuple[int, int, int]]]:
    """Month, provider (and `further`), and the sums of `claims`, `units` and `amount` for each."""
    keys = [pl.col(name).fill_null("") for name in (*_PLACE, *further)]
    for row in frame.group_by(keys).agg(pl.col("claims", "units", "amount").sum()).iter_rows():
        yield row[:-3], row[-3:]


@dataclass
class ClaimTotals:
    """Sums of the claims and the invoices of one set, by place; bounded by months times providers."""

    insurance: dict[Place, Sums] = field(default_factory=dict)
    public: dict[tuple[Place, str], Sums] = field(default_factory=dict)
    invoices: Invoices = field(default_factory=Invoices)

    def add(self, found: Mapping[str, pl.DataFrame], page: Page) -> None:
        """Add the claims and invoices of a page."""
        self.invoices.add(found["care_invoice"], page)
        head = found["care_claim"]
        if not head.height:
            return
        sums = _claim_sums(head, page)
        units = _unit_sums(found["care_summary"], sums)
        for frame in (sums.filter("insured"), units.filter("insured")):
            for (month, facility), numbers in by_place(frame):
                self.insurance.setdefault((month, facility), Sums()).add(*numbers)
        for frame in (_named(sums), _public_units(units)):
            for (month, facility, law), numbers in by_place(frame, "law"):
                self.public.setdefault(((month, facility), law), Sums()).add(*numbers)

    def reconcile(self, report: Report, *, part: bool) -> None:
        """Raise `BadFile` ``kaigo.totals`` at the first invoice, or claims without one, that do not add up."""
        report.totals["invoices"] = report.totals.get("invoices", 0) + len(self.invoices.found)
        if part and not self.invoices.found:
            report.warn("kaigo.volume_unreconciled")
            return
        seen: set[Place] = set()
        for (place, payer, law, category), invoice in self.invoices.found.items():
            if category == "02":
                report.warn("kaigo.invoice_unreconciled")
            elif payer == "1":
                invoice.same(place in seen, False, "payer_kind")
                seen.add(place)
                self._insurance(place, invoice)
            else:
                self._public(place, law, invoice)
        if any(sums.claims for place, sums in self.insurance.items() if place not in seen):
            raise BadFile("kaigo.totals", field="invoice", remedy=AGAIN)

    def _insurance(self, place: Place, invoice: Invoice) -> None:
        sums = self.insurance.get(place, Sums())
        paid = invoice.insurance_amount + invoice.public_amount + invoice.own_share
        invoice.same(invoice.claims, sums.claims, "claims")
        invoice.same(invoice.units, sums.units, "units")
        invoice.same(invoice.insurance_amount, sums.amount, "insurance_amount")
        invoice.same(invoice.cost, paid, "cost")

    def _public(self, place: Place, law: str, invoice: Invoice) -> None:
        sums = self.public.get((place, law), Sums())
        invoice.same(invoice.units, sums.units, "units")
        invoice.same(invoice.claims <= sums.claims, True, "claims")


def _claim_sums(head: pl.DataFrame, page: Page) -> pl.DataFrame:
    """Per claim: place, whether insured, the amount asked of insurance, and the law of each public payer."""
    parts = ("insurance_amount", "insurance_emergency_amount", "insurance_special_amount")
    return head.select(
        "claim_no",
        *_PLACE,
        insured=~pl.col("insured_number").str.starts_with("H"),
        claims=pl.lit(1, pl.Int64),
        units=pl.lit(0, pl.Int64),
        amount=pl.sum_horizontal(pl.col(name).cast(pl.Int64) for name in parts),
    ).with_columns(_law(page, payer) for payer in _PAYERS)


def _law(page: Page, payer: int) -> pl.Series:
    """法別番号: the first two digits of a payer's number (items 8, 10 and 12 of record 01), "" where there is none."""
    numbers = page.lines.text(6 + 2 * payer, 16, rows=np.flatnonzero(page.order.opening))
    if (numbers == numbers[0]).all():  # such as none at all
        distinct, place = numbers[:1], np.zeros(len(numbers), np.int64)
    else:
        distinct, place = np.unique(numbers, return_inverse=True)
    laws = [number[:2].decode("latin-1") if number.strip(b"0") else "" for number in distinct.tolist()]
    return pl.Series(f"law{payer}", laws, dtype=pl.String).gather(place)


def _unit_sums(summary: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """Per record 10: what its claim says, the units for insurance, and those for each public payer."""
    units = {"units": "insurance", **{f"units{payer}": f"public{payer}" for payer in _PAYERS}}
    own = summary.select(
        at=pl.col("claim_no") - claims["claim_no"][0],
        **{
            name: pl.sum_horizontal(pl.col(f"{who}_units", f"{who}_medical_units").cast(pl.Int64))
            for name, who in units.items()
        },
    )
    of_claim = claims.drop("claims", "units", "amount")[own["at"]]
    return pl.concat((of_claim, own), how="horizontal").with_columns(
        claims=pl.lit(0, pl.Int64), amount=pl.lit(0, pl.Int64)
    )


def _named(claims: pl.DataFrame) -> pl.DataFrame:
    """One row for each claim and law that it names."""
    parts = [claims.select("claim_no", *_PLACE, "claims", "units", law=f"law{payer}") for payer in _PAYERS]
    found = pl.concat(parts).filter(pl.col("law") != "").unique(("claim_no", "law"))
    return found.with_columns(amount=pl.lit(0, pl.Int64))


def _public_units(units: pl.DataFrame) -> pl.DataFrame:
    """One row for each record 10 and public payer."""
    parts = [units.select(*_PLACE, "claims", "amount", law=f"law{payer}", units=f"units{payer}") for payer in _PAYERS]
    return pl.concat(parts).filter(pl.col("law") != "")
