"""特定保健指導決済情報（gc08）: what is billed for one person's guidance (schemas gc08_V08, co08_V08; grade A;
``CLAIMS/c….xml``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from provision.formats.checkup_kind import Kind
from provision.formats.claim_document import ClaimFormat, charge

_VOUCHER, _BILL = "m:healthGuidanceCard", "m:settlement"


@dataclass(frozen=True)
class GuidanceClaim(ClaimFormat):
    """The reader."""

    kind: ClassVar[Kind] = Kind.GUIDANCE_CLAIM
    table: ClassVar[str] = "guidance_claim"
    paths: ClassVar[Mapping[str, str]] = {
        "guidance_level": "m:encounter/m:guidanceLevel/@code",
        "guidance_timing": "m:encounter/m:guidanceTiming/@code",
        "coupon": f"{_VOUCHER}/m:id/@extension",
        "checkup_coupon": f"{_VOUCHER}/m:checkupCardId/@extension",
        "coupon_until": f"{_VOUCHER}/m:effectiveTime/m:high/@value",
        **charge("charge", f"{_VOUCHER}/m:copayment"),
        "limit": f"{_VOUCHER}/m:maxInsuranceLimit/m:amount/@value",
        "unit_price": f"{_BILL}/m:unitPrice/m:amount/@value",
        "payment_rate": f"{_BILL}/m:paymentRate/@value",
        "points_done": f"{_BILL}/m:pointCountCompleted/@value",
        "points_intended": f"{_BILL}/m:pointCountIntended/@value",
        "calculated": f"{_BILL}/m:calculatedAmount/@value",
        "paid_status": f"{_BILL}/m:payment/m:status/@code",
        "paid_total": f"{_BILL}/m:payment/m:amount/@value",
        "claimed": f"{_BILL}/m:claimAmount/@value",
    }
    id: str = "guidance-claim"

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": "特定保健指導決済情報（gc08）", "en": "Payment for health guidance (gc08)"}


FORMAT = GuidanceClaim()
