"""特定保健指導決済情報: a month's payments for guidance of a fictitious facility as gc08 documents."""

from __future__ import annotations

from collections.abc import Mapping

from provision.sampledata import occasions
from provision.sampledata.deliveries.base import Delivery, DocumentSender, Written
from provision.sampledata.deliveries.cda_writer import OID, Style, coupon
from provision.sampledata.deliveries.checkup_claim import kept_person, kept_result
from provision.sampledata.deliveries.checkup_folder import Folder
from provision.sampledata.deliveries.checkup_kept import Rows, evidence
from provision.sampledata.deliveries.claim_writer import claim, person, returned, yen
from provision.sampledata.facilities import MINAMI
from provision.sampledata.illness import Visit

_PRICE, _OWN = 18_000, 1_000


class GuidanceClaims(Delivery):
    """The delivery of one month."""

    def documents(self, visit: Visit) -> list[Written]:
        """One payment, at the first interview."""
        card = visit.coverage
        assert card is not None
        until = f"{visit.month.year + (visit.month.month > 3)}0331"
        voucher = coupon(visit.person, visit.month.year)
        inner = (
            f'<encounter><serviceEventType code="1"/><guidanceLevel code="{_level(visit)}"/>'
            f'<guidanceTiming code="1"/></encounter>{person(visit, card, MINAMI, address=False)}'
            f'<healthGuidanceCard><id root="{OID}.210" extension="{voucher}"/>'
            f'<checkupCardId root="{OID}.209" extension="{voucher}"/>'
            f'<effectiveTime><high value="{until}"/></effectiveTime>'
            f'<copayment code="2">{yen("amount", _OWN, 6)}</copayment></healthGuidanceCard>'
            f'<settlement><unitPrice>{yen("amount", _PRICE)}</unitPrice><paymentRate value="40" unit="%"/>'
            f'<pointCountIntended value="180"/>{yen("calculatedAmount", _PRICE * 2 // 5)}'
            f'<payment><status code="1"/>{yen("amount", _OWN)}</payment>'
            f"{yen('claimAmount', _PRICE * 2 // 5 - _OWN)}</settlement>"
        )
        data = claim("healthGuidanceClaim", inner + returned(visit), Style.of(self.style, "gc08_V08.xsd"))
        return [Written(Folder(MINAMI, self.month).data(visit, "c", "2"), data)]

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """Kana, birth, sex and card."""
        return [evidence(visit)]

    def kept(self, visit: Visit) -> Mapping[str, Rows]:
        """The payment."""
        top = kept_person(visit, MINAMI) | {"guidance_level": _level(visit), "guidance_timing": "1"}
        top |= {"charge": "2", "charge_amount": _OWN, "unit_price": _PRICE, "payment_rate": 40, "points_intended": 180}
        top |= {"calculated": _PRICE * 2 // 5, "paid_status": "1", "paid_total": _OWN}
        return {"guidance_claim": [top | {"claimed": _PRICE * 2 // 5 - _OWN, **kept_result(visit)}]}


def _level(visit: Visit) -> str:
    return str(1 + int(visit.draws[24] * 3))


SENDER = DocumentSender("guidance-claim", "minami-guidance-claims", occasions.guided, GuidanceClaims)
