"""特定健診: a month's checkups of a fictitious facility as hc08 documents, with the index and summary beside them."""

from __future__ import annotations

from collections.abc import Mapping

from provision.sampledata import occasions
from provision.sampledata.deliveries.base import Delivery, DocumentSender, Written
from provision.sampledata.deliveries.cda_writer import Section, Style, document, entry, told
from provision.sampledata.deliveries.checkup_folder import Folder
from provision.sampledata.deliveries.checkup_kept import Rows, answers, day_of, evidence, head, values
from provision.sampledata.deliveries.checkup_results import asked, measured, seen
from provision.sampledata.facilities import MINAMI
from provision.sampledata.illness import Visit

_REPORT = "10"


class CheckupDelivery(Delivery):
    """The delivery of one month."""

    def documents(self, visit: Visit) -> list[Written]:
        """One document."""
        results, questions = [*measured(visit), *seen(visit)], asked(visit)
        sections = [
            Section("01010", "検査・問診結果セクション", "".join(map(entry, results)), told(visit, results)),
            Section("01020", "質問票セクション", "".join(map(entry, questions)), told(visit, questions)),
        ]
        text = document(visit, day_of(visit), MINAMI, _REPORT, sections, Style.of(self.style, "hc08_V08.xsd"))
        return [Written(self._folder.data(visit, "h", "1"), text.encode())]

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """Kana, birth, sex and card."""
        return [evidence(visit)]

    def kept(self, visit: Visit) -> Mapping[str, Rows]:
        """Head row, results and answers."""
        top = head(visit, MINAMI, _REPORT)
        day = str(top["checkup_date"])
        results = [*measured(visit), *seen(visit)]
        return {"checkup": [top], "test_value": values(results, day), "answer": answers(asked(visit), day)}

    def beside(self) -> list[Written]:
        """Index and summary."""
        return self._folder.beside("1")

    @property
    def _folder(self) -> Folder:
        return Folder(MINAMI, self.month)


SENDER = DocumentSender("checkup-cda", "minami-checkups", occasions.checkups, CheckupDelivery)
