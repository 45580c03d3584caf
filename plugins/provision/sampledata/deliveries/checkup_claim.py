"""特定健診決済情報: a month's payments for checkups of a fictitious facility as cc08 documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from provision.sampledata import occasions
from provision.sampledata.deliveries.base import Delivery, DocumentSender, Written
from provision.sampledata.deliveries.cda_writer import OID, Style, coupon
from provision.sampledata.deliveries.checkup_folder import Folder
from provision.sampledata.deliveries.checkup_kept import Rows, evidence
from provision.sampledata.deliveries.claim_writer import claim, person, returned, yen
from provision.sampledata.facilities import MINAMI, Facility
from provision.sampledata.illness import Visit


class CheckupClaims(Delivery):
    """The delivery of one month."""

    def documents(self, visit: Visit) -> list[Written]:
        """One payment: the basic checkup, a detailed item for some, and a tenth borne by the person."""
        card, bill = visit.coverage, _bill(visit)
        assert card is not None
        until = f"{visit.month.year + (visit.month.month > 3)}0331"
        charge = f'<chargeTypeBasic code="2">{yen("amount", bill["own"], 6)}</chargeTypeBasic>'
        detail = f'<unitPriceDetail>{yen("amount", 1300)}<observation code="3"/></unitPriceDetail>'
        inner = (
            f'<encounter><serviceEventType code="1"/></encounter>{person(visit, card, MINAMI, address=True)}'
            f'<checkupCard><id root="{OID}.209" extension="{coupon(visit.person, visit.month.year)}"/>'
            f'<effectiveTime><high value="{until}"/></effectiveTime>{charge}</checkupCard>'
            f'<settlement><claimType code="1"/><commissionType code="1"/><unitPriceBasic>{yen("amount", 7000)}'
            f"</unitPriceBasic>{detail if bill['detail'] else ''}"
            f"<paymentForBasic>{yen('amount', bill['own'], 6)}</paymentForBasic>{yen('unitAmount', bill['total'])}"
            f"{yen('paymentAmount', bill['own'])}{yen('claimAmount', bill['total'] - bill['own'])}</settlement>"
        )
        data = claim("checkupClaim", inner + returned(visit), Style.of(self.style, "cc08_V08.xsd"))
        return [Written(Folder(MINAMI, self.month).data(visit, "c", "1"), data)]

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """Kana, birth, sex and card."""
        return [evidence(visit)]

    def kept(self, visit: Visit) -> Mapping[str, Rows]:
        """The payment and its unit prices."""
        bill = _bill(visit)
        top = kept_person(visit, MINAMI) | {"charge_basic": "2", "charge_basic_amount": bill["own"]}
        top |= {"claim_type": "1", "commission_type": "1", "paid_basic": bill["own"], "unit_total": bill["total"]}
        top |= {"paid_total": bill["own"], "claimed": bill["total"] - bill["own"], **kept_result(visit)}
        prices: Rows = [{"price_no": 1, "kind": "basic", "amount": 7000}]
        if bill["detail"]:
            prices.append({"price_no": 2, "kind": "detail", "amount": 1300, "observation": "3"})
        return {"checkup_claim": [top], "unit_price": prices}


def _bill(visit: Visit) -> dict[str, int]:
    detail = 1300 if visit.draws[24] < 0.5 else 0
    return {"detail": detail, "total": 7000 + detail, "own": 700}


def kept_person(visit: Visit, facility: Facility) -> dict[str, object]:
    """What is kept of the person and the voucher, in the order of no table."""
    who, card = visit.person, visit.coverage
    assert card is not None
    return {
        "insurer": card.insurer,
        "sex": who.sex,
        "birth_month": date.fromordinal(who.birth).strftime("%Y-%m"),
        "zip": who.address.zip[:3],
        "facility": facility.number,
        "service_type": "1",
        "coupon_until": f"{visit.month.year + (visit.month.month > 3)}-03-31",
    }


def kept_result(visit: Visit) -> dict[str, object]:
    """What is kept of a return."""
    if not returned(visit):
        return {}
    day = date.fromordinal(visit.month.last).isoformat()
    return {"agency_interaction": "3", "agency_date": day, "agency_reason": "02"}


SENDER = DocumentSender("checkup-claim", "minami-checkup-claims", occasions.checkups, CheckupClaims)
