"""The folder of a checkup delivery: names with the numbers of facility and receiver, index.xml and summary.xml."""

from __future__ import annotations

from dataclasses import dataclass

from provision.sampledata.calendar import Month, compact
from provision.sampledata.deliveries.base import Written
from provision.sampledata.facilities import Facility
from provision.sampledata.illness import Visit
from provision.sampledata.tables import city

_PAGE = "https://www.mhlw.go.jp/stf/seisakunitsuite/bunya/0000161103.html"
_OID = "1.2.392.200119.6"


@dataclass(frozen=True)
class Folder:
    """``<sender>_<receiver>_<day><n>_<kind>/DATA/h<facility><day><n><kind><six digits>.xml``."""

    facility: Facility
    month: Month

    @property
    def _day(self) -> str:
        return compact(self.month.next().first + 4)

    def _name(self, kind: str) -> str:
        return f"{self.facility.number}_{city().nhi:0>8}_{self._day}1_{kind}"

    def data(self, visit: Visit, letter: str, kind: str) -> str:
        """Path of the document of a visit; `letter` is h for data and c for claims."""
        folder = "CLAIMS" if letter == "c" else "DATA"
        number = f"{visit.person.serial % 1_000_000:06d}"
        return f"{self._name(kind)}/{folder}/{letter}{self.facility.number}{self._day}1{kind}{number}.xml"

    def beside(self, kind: str) -> list[Written]:
        """index.xml and summary.xml."""
        service = f'<serviceEventType code="{kind}"/>'
        index = (
            f'<interactionType code="1"/><creationTime value="{self._day}"/>'
            f'<sender><id root="{_OID}.102" extension="{self.facility.number}"/></sender>'
            f'<receiver><id root="{_OID}.103" extension="{city().nhi:0>8}"/></receiver>{service}'
            '<totalRecordCount value="1"/>'
        )
        sums = ("Cost", "Payment", "PaymentByOtherProgram", "Claim")
        amounts = "".join(f'<total{name}Amount value="0" currency="JPY"/>' for name in sums).replace(
            "totalPaymentByOtherProgramAmount", "totalPaymentByOtherProgram"
        )
        summary = f'{service}<totalSubjectCount value="1"/>{amounts}'
        return [
            Written(f"{self._name(kind)}/{name}.xml", _xml(name, inner))
            for name, inner in (("index", index), ("summary", summary))
        ]


def _xml(root: str, inner: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} xmlns="{_PAGE}">{inner}</{root}>'.encode()
