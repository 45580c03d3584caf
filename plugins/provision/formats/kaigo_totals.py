"""Do the totals of a nursing-care invoice (7111 介護給付費請求書) agree with the claims of the same file?

Reconciled, per service month and care provider, before a file is accepted:

* insurance (保険・公費等区分 1, 請求情報区分 other than 02): number of claims = number of records 01 whose insured
  number does not begin with H (welfare only, not insured); units = sum of 単位数合計 and of 保険分出来高 単位数合計 of
  their records 10; amount claimed = sum of 請求額, 緊急時施設療養費請求額 and 特定診療費請求額 of the insurance
  total in their records 01; and on the invoice itself total cost = insurance + public + users' share. A month and
  provider with such claims and no such invoice does not reconcile either.
* public payers (区分 2), per law number (法別番号): units = sum of the units of the payers of that law in records 10;
  at most as many claims as name a payer of that law (claims with nothing to pay are left out by some programs).

Not reconciled: care planning (請求情報区分 02), whose claims (812x) come in other records: counted as a warning
``kaigo.invoice_unreconciled``; and the totals of low-income board (特定入所者), whose claims are counted differently by
programs. Source: how the program of the field table adds up its invoice (grade C).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from provision.formats.base import BadFile, Report

Place = tuple[str, str]  # service month, care provider

_AGAIN = "the invoice (7111) and the claims of the file disagree; ask the sender for a complete file"


@dataclass
class Sums:
    """Claims, units and amount of one place and payer."""

    claims: int = 0
    units: int = 0
    amount: int = 0


@dataclass(frozen=True)
class Invoice:
    """One record 7111."""

    record: int
    claims: int
    units: int
    cost: int
    insurance: int
    public: int
    own_share: int


@dataclass
class Totals:
    """Sums of the claims and the invoices of one file, by place; bounded by months times providers."""

    insurance: dict[Place, Sums] = field(default_factory=dict)
    public: dict[tuple[Place, str], Sums] = field(default_factory=dict)
    invoices: dict[tuple[Place, str, str, str], Invoice] = field(default_factory=dict)

    def claim(self, place: Place, insured: bool, laws: set[str], amount: int) -> None:
        """Add a record 01: `laws` are the law numbers of its public payers, `amount` what insurance is asked for."""
        if insured:
            sums = self.insurance.setdefault(place, Sums())
            sums.claims += 1
            sums.amount += amount
        for law in laws:
            self.public.setdefault((place, law), Sums()).claims += 1

    def summary(self, place: Place, insured: bool, units: int, public: dict[str, int]) -> None:
        """Add a record 10: units for insurance and by law number."""
        if insured:
            self.insurance.setdefault(place, Sums()).units += units
        for law, count in public.items():
            self.public.setdefault((place, law), Sums()).units += count

    def invoice(self, place: Place, payer: str, law: str, category: str, invoice: Invoice) -> None:
        """Add a record 7111; `BadFile` ``kaigo.invoice_twice`` where the same was there before."""
        key = (place, payer, law, category)
        if key in self.invoices:
            raise BadFile("kaigo.invoice_twice", record=invoice.record, remedy=_AGAIN)
        self.invoices[key] = invoice

    def reconcile(self, report: Report) -> None:
        """Raise `BadFile` ``kaigo.totals`` at the first invoice, or claims without one, that do not add up."""
        seen: set[Place] = set()
        for (place, payer, law, category), invoice in self.invoices.items():
            if category == "02":
                report.warn("kaigo.invoice_unreconciled")
            elif payer == "1":
                _same(place in seen, False, invoice, "payer_kind")
                seen.add(place)
                self._insurance(place, invoice)
            else:
                self._public(place, law, invoice)
        if any(sums.claims for place, sums in self.insurance.items() if place not in seen):
            raise BadFile("kaigo.totals", field="invoice", remedy=_AGAIN)

    def _insurance(self, place: Place, invoice: Invoice) -> None:
        sums = self.insurance.get(place, Sums())
        _same(invoice.claims, sums.claims, invoice, "claims")
        _same(invoice.units, sums.units, invoice, "units")
        _same(invoice.insurance, sums.amount, invoice, "insurance_amount")
        _same(invoice.cost, invoice.insurance + invoice.public + invoice.own_share, invoice, "cost")

    def _public(self, place: Place, law: str, invoice: Invoice) -> None:
        sums = self.public.get((place, law), Sums())
        _same(invoice.units, sums.units, invoice, "units")
        _same(invoice.claims <= sums.claims, True, invoice, "claims")


def _same(one: int, other: int, invoice: Invoice, name: str) -> None:
    if one != other:
        raise BadFile("kaigo.totals", record=invoice.record, field=name, remedy=_AGAIN)
