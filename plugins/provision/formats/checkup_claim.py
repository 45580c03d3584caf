"""特定健診決済情報（cc08）: what is billed for one person's health checkup (schemas cc08_V08 and co08_V08,
grade A; ``CLAIMS/c….xml``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lxml import etree

from provision.formats.checkup_kind import Kind
from provision.formats.claim_cells import M, Price
from provision.formats.claim_document import ClaimFormat, charge
from provision.formats.xmlshapes import Elements

_VOUCHER, _BILL = "m:checkupCard", "m:settlement"
_DOCK = f"{_VOUCHER}/m:chargeTypeHumanDryDock"
_PRICES = {f"{M}unitPriceBasic": "basic", f"{M}unitPriceDetail": "detail", f"{M}unitPriceOther": "other"}
_IN_PRICE = ("amount", "observation")


@dataclass(frozen=True)
class CheckupClaim(ClaimFormat):
    """The reader; unit prices are rows of their own."""

    kind: ClassVar[Kind] = Kind.CHECKUP_CLAIM
    table: ClassVar[str] = "checkup_claim"
    paths: ClassVar[Mapping[str, str]] = {
        "coupon": f"{_VOUCHER}/m:id/@extension",
        "coupon_until": f"{_VOUCHER}/m:effectiveTime/m:high/@value",
        **charge("charge_basic", f"{_VOUCHER}/m:chargeTypeBasic"),
        **charge("charge_detail", f"{_VOUCHER}/m:chargeTypeDetail"),
        **charge("charge_other", f"{_VOUCHER}/m:chargeTypeOther"),
        **charge("charge_dock", f"{_DOCK}/m:copayment"),
        "dock_limit": f"{_DOCK}/m:maxInsuranceLimit/m:amount/@value",
        "claim_type": f"{_BILL}/m:claimType/@code",
        "commission_type": f"{_BILL}/m:commissionType/@code",
        "paid_basic": f"{_BILL}/m:paymentForBasic/m:amount/@value",
        "paid_detail": f"{_BILL}/m:paymentForDetail/m:amount/@value",
        "paid_other": f"{_BILL}/m:paymentForOther/m:amount/@value",
        "unit_total": f"{_BILL}/m:unitAmount/@value",
        "paid_total": f"{_BILL}/m:paymentAmount/@value",
        "paid_elsewhere": f"{_BILL}/m:paymentByOtherProgram/@value",
        "claimed": f"{_BILL}/m:claimAmount/@value",
    }
    id: str = "checkup-claim"

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": "特定健診決済情報（cc08）", "en": "Payment for a health checkup (cc08)"}

    def prices(self, elements: Elements) -> list[Price]:
        """A row per unit price (単価), with the item it is for."""
        at: dict[etree._Element | None, int] = {element: place for place, element in enumerate(elements)}
        prices = [price for price in elements[0].iterfind(f"{M}settlement/*") if price.tag in _PRICES]
        return [
            Price(str(number), _PRICES[str(price.tag)], *(at.get(price.find(f"{M}{tag}")) for tag in _IN_PRICE))
            for number, price in enumerate(prices, 1)
        ]


FORMAT = CheckupClaim()
