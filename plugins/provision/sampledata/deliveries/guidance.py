"""特定保健指導: a month's guidance of a fictitious facility as hg08 documents.

Item codes of guidance are made up in the shape they have (ten digits): there is no public table of them here.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from provision.sampledata import occasions
from provision.sampledata.deliveries.base import Delivery, DocumentSender, Written
from provision.sampledata.deliveries.cda_writer import Section, Style, document, observation, told
from provision.sampledata.deliveries.checkup_folder import Folder
from provision.sampledata.deliveries.checkup_kept import Rows, day_of, evidence, head, values
from provision.sampledata.deliveries.checkup_results import Result, measured
from provision.sampledata.facilities import MINAMI
from provision.sampledata.illness import Visit

_REPORT = "21"
_LIST = "3001"


class GuidanceDelivery(Delivery):
    """The delivery of one month."""

    def documents(self, visit: Visit) -> list[Written]:
        """One document: the first interview with measurements, and a plan with aims that may not have been made."""
        items, body = _items(visit), measured(visit)[:4]
        talk = "".join(
            f'<entryRelationship typeCode="COMP">{observation(one)}</entryRelationship>' for one in (*items, *body)
        )
        done = f'<entry><act classCode="ACT" moodCode="EVN"><code code="1"/>{talk}</act></entry>'
        goal = "".join(f"<component>{observation(one, 'GOL')}</component>" for one in _goals(visit))
        kept = "" if _planned(visit) else ' negationInd="true"'
        plan = (
            f'<entry><act classCode="ACT" moodCode="INT"{kept}><code code="2"/><entryRelationship typeCode="COMP">'
            '<organizer classCode="CLUSTER" moodCode="INT"><statusCode code="active"/>'
            f"{goal}</organizer></entryRelationship></act></entry>"
        )
        sections = [
            Section("90010", "支援レベル・面接セクション", done, told(visit, items)),
            Section("90030", "行動計画セクション", plan, told(visit, _goals(visit))),
        ]
        text = document(visit, day_of(visit), MINAMI, _REPORT, sections, Style.of(self.style, "hg08_V08.xsd"))
        return [Written(Folder(MINAMI, self.month).data(visit, "h", "2"), text.encode())]

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """Kana, birth, sex and card."""
        return [evidence(visit)]

    def kept(self, visit: Visit) -> Mapping[str, Rows]:
        """Head row, items of guidance and the measurements."""
        top = head(visit, MINAMI, _REPORT)
        day = str(top["checkup_date"])
        rows = [_row(one, day, "90010", "EVN") for one in (*_items(visit), *measured(visit)[:4]) if one.type != "ST"]
        for one in _goals(visit):
            planned = _row(one, day, "90030", "GOL")
            absent = {name: value for name, value in planned.items() if not name.startswith(("value", "unit"))}
            rows.append(planned if _planned(visit) else {**absent, "absent": "not_done"})
        numbered: Rows = [{"item_no": number, **row} for number, row in enumerate(rows, 1)]
        return {"guidance": [top], "guidance_item": numbered, "test_value": values(measured(visit)[:4], day)}

    def beside(self) -> list[Written]:
        """Index and summary."""
        return Folder(MINAMI, self.month).beside("2")


def _planned(visit: Visit) -> bool:
    return visit.draws[27] < 0.8


def _items(visit: Visit) -> list[Result]:
    draws = visit.draws
    return [
        Result("1020000001", "CD", str(1 + int(draws[24] * 3)), list=_LIST),
        Result("1022000013", "PQ", str(20 + int(draws[25] * 40)), "min", "min"),
        Result("1021000010", "ST", f"{visit.person.name}様 個別支援コース"),
    ]


def _goals(visit: Visit) -> list[Result]:
    return [
        Result("1042000022", "PQ", f"{70 + 20 * visit.draws[26]:.1f}", "cm", "cm"),
        Result("1042000031", "CD", "1", list=_LIST),
    ]


def _row(one: Result, day: str, section: str, mood: str) -> dict[str, object]:
    start: dict[str, object] = {"observed": day, "section": section, "mood": mood, "code": one.code}
    if one.type == "PQ":
        return {**start, "value_number": Decimal(one.value), "unit": one.kept_unit}
    return {**start, "value_code": one.value, "value_system": f"1.2.392.200119.6.{one.list}"}


SENDER = DocumentSender("guidance-cda", "minami-guidance", occasions.guided, GuidanceDelivery)
