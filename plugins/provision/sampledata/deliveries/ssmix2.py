"""SS-MIX2 標準化ストレージ of `kita-hospital`: a tree of one message a file, with deleted files and old versions in it.

The programs write 0x1C behind a message or not, and the whole PID in every message or only with the patient's data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from provision.sampledata import occasions
from provision.sampledata.calendar import compact
from provision.sampledata.deliveries.base import Delivery, DocumentSender, Written
from provision.sampledata.hl7segment import CR, header, patient, writable
from provision.sampledata.hl7sent import HOSPITAL, Sent, first_day, iso
from provision.sampledata.hl7world import messages
from provision.sampledata.illness import Visit
from provision.sampledata.sheets.claims import who

_PROFILE = "SS-MIX2_1.20^SS-MIX2^1.2.392.200250.2.1.100.1.2.120^ISO"
_IN_FORCE, _DELETED, _OLD = "1", "0", "2"
_OLD_DOSE = "987"


class StorageDelivery(Delivery):
    """The messages of one month as files."""

    def documents(self, visit: Visit) -> list[Written]:
        """In the order of their paths; deleted ones and old versions among them."""
        files = [self._file(visit, sent, _IN_FORCE) for sent in messages(visit)]
        return sorted([*files, *self._gone(visit)])

    def heads(self, visit: Visit) -> list[int]:
        """One of each file in force; the names say which these are."""
        return [int(written.path.endswith(f"_{_IN_FORCE}")) for written in self.documents(visit)]

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """Of PID, and the card where the message has one."""
        return [self._evidence(visit, sent) for sent in self._in_order(visit)]

    def kept(self, visit: Visit) -> Mapping[str, list[dict[str, object]]]:
        """The message's own row, and those of its segments."""
        found: dict[str, list[dict[str, object]]] = {"message": []}
        for sent in self._in_order(visit):
            found["message"].append(message_row(visit, sent, whole=self._whole(sent)))
            for table, rows in sent.rows.items():
                found.setdefault(table, []).extend(rows)
        return found

    def _in_order(self, visit: Visit) -> list[Sent]:
        return sorted(messages(visit), key=lambda sent: self._path(visit, sent, _IN_FORCE))

    def _whole(self, sent: Sent) -> bool:
        return sent.whole or self.style % 2 == 1

    def _evidence(self, visit: Visit, sent: Sent) -> dict[str, str]:
        return message_evidence(visit, sent, whole=self._whole(sent))

    def _gone(self, visit: Visit) -> Iterator[Written]:
        """An old version of a prescription, and one that was deleted: with a dose that nobody has."""
        for sent in messages(visit):
            if sent.kind == "OMP-01":
                other = replace(sent, segments=[_other_dose(line) for line in sent.segments])
                if visit.draws[14] < 0.3:
                    yield self._file(visit, other, _OLD, "080000000")
                if visit.draws[15] < 0.3:
                    yield self._file(visit, replace(other, order=f"8{sent.order[1:]}"), _DELETED)

    def _path(self, visit: Visit, sent: Sent, condition: str, time: str = "103045000") -> str:
        chart = HOSPITAL.chart(visit.person)
        day = "-" if sent.day is None else compact(sent.day)
        moment = f"{compact(sent.day or first_day(visit))}{time}"
        department = "-" if sent.kind in ("ADT-00", "ADT-61") else "01"
        name = f"{chart}_{day}_{sent.kind}_{sent.order}_{moment}_{department}_{condition}"
        return f"{chart[:3]}/{chart[3:6]}/{chart}/{day}/{sent.kind}/{name}"

    def _file(self, visit: Visit, sent: Sent, condition: str, time: str = "103045000") -> Written:
        end = b"" if self.style // 2 % 2 else b"\x1c\r"
        text = message_text(visit, sent, "~ISO IR87", whole=self._whole(sent), profile=_PROFILE)
        return Written(self._path(visit, sent, condition, time), writable(text).encode("iso2022_jp") + end)


def message_text(visit: Visit, sent: Sent, charset: str, *, whole: bool, profile: str = "") -> str:
    """A message with its segments, ended by CR."""
    stamp = f"{compact(sent.day or first_day(visit))}103045"
    msh = header(sent.type, HOSPITAL, stamp, charset, f"{sent.order}{sent.kind}", profile)
    return CR.join([msh, patient(visit.person, HOSPITAL, whole=whole), *sent.segments, ""])


def message_row(visit: Visit, sent: Sent, *, whole: bool) -> dict[str, object]:
    """What the store holds of the message itself."""
    day = sent.day or first_day(visit)
    person = visit.person
    row: dict[str, object] = {
        "facility": HOSPITAL.number,
        "message_type": sent.type.replace("^", ""),
        "action": "N",
        "message_date": iso(day),
        "service_month": str(visit.month),
        "birth_month": iso(person.birth)[:7],
        "sex": person.sex,
    }
    row |= {"zip3": person.address.zip[:3]} if whole else {}
    return row | {name: value for name, value in sent.head.items() if value is not None}


def message_evidence(visit: Visit, sent: Sent, *, whole: bool) -> dict[str, str]:
    """What a message tells of its person, by the names of `PEOPLE_COLUMNS`."""
    person, card = visit.person, visit.coverage
    found = who(person) | {"facility": HOSPITAL.number, "chart": HOSPITAL.chart(person)}
    if card is not None and sent.kind in ("ADT-00", "PPR-01"):
        found |= {"insurer": card.insurer, "symbol": card.symbol, "number": card.number}
        found["branch"] = card.branch if sent.kind == "ADT-00" else ""
    return found | ({"phone": person.phone} if whole else {})


def _other_dose(line: str) -> str:
    fields = line.split("|")
    if fields[0] == "RXE":
        fields[3] = _OLD_DOSE
    return "|".join(fields)


SENDER = DocumentSender("ssmix2", "kita-storage", occasions.medical, StorageDelivery)
