"""A message as rows of our tables: its segments in order, each into the row it opens or the one it belongs to.

ORC stands before what it orders (behind OBR in OUL^R22), TQ1, RXR and RXC behind the RXE they are of, RXR behind the
RXA it is of. Only what is named here is read; every other field of these segments goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from provision.formats import hl7alone, hl7coded, hl7values
from provision.formats.base import BadFile
from provision.formats.hl7coded import day, number, of_system
from provision.formats.hl7kinds import Kind
from provision.formats.hl7message import Message, Segment, value
from provision.formats.hl7options import Options

Cells = dict[str, str | None]
_MR9P = "MR9P"
_UNIT, _FORM, _ROUTE = r"[A-Z]{1,3}", r"[A-Z]{3}", r"[A-Z]{1,5}"


@dataclass
class Rows:
    """The rows being made of one message, by table, in the order of the message."""

    message: Message
    kind: Kind
    options: Options
    counts: Counter[str]
    made: list[tuple[str, Cells]] = field(default_factory=list)
    _order: Cells = field(default_factory=dict)
    _timing: Cells = field(default_factory=dict)
    _medicine: Cells | None = None
    _given: list[Cells] = field(default_factory=list)
    _routed: bool = False
    _test: Cells | None = None
    _lines: int = 0
    _values: int = 0
    _taken: str | None = None

    def take(self) -> None:
        """All segments. Raises `BadFile` ``hl7.order`` for a segment whose owner is not there."""
        for segment in self.message.segments:
            if alone := hl7alone.ROWS.get(segment[0]):
                if found := alone(self.message, segment, self.counts):
                    self.made.append(found)
            elif handler := _HANDLERS.get(segment[0]):
                handler(self, segment)

    def _add(self, table: str, cells: Cells) -> Cells:
        self.made.append((table, cells))
        return cells

    def _day(self, segment: Segment, place: int) -> str | None:
        return day(self.message.part(value(segment, place), 1))

    def _part(self, segment: Segment, place: int, component: int = 1) -> str:
        return self.message.part(value(segment, place), component)

    def _drug(self, segment: Segment, place: int) -> Cells:
        found = hl7coded.drug(self.message, value(segment, place))
        self.counts["hl7.local_drugs"] += found is None
        return {"drug_code": found[0], "drug_system": found[1]} if found else {}

    def _mr9p(self, segment: Segment, place: int, form: str = _UNIT) -> str | None:
        return of_system(self.message, value(segment, place), _MR9P, form)

    def order(self, orc: Segment) -> None:
        """ORC: of what follows, or of the test before it."""
        self._order = {
            "order_control": hl7coded.listed(self._part(orc, 1), "hl7_order_control"),
            "ordered": self._day(orc, 9),
            "setting": hl7coded.listed(self._part(orc, 29), "hl7_patient_class"),
        }
        self._timing, self._medicine, self._given = {}, None, []
        if self.kind.orc_follows and self._test is not None:
            self._test |= self._order
        else:
            self._test = None

    def timing(self, tq1: Segment) -> None:
        """TQ1: usage, days and dates of the medicine; it may stand before or behind RXE. The first one counts."""
        units = self.message.parts(value(tq1, 6))
        days = self.message.plain(units[0]) if len(units) > 1 and self.message.plain(units[1]) == "d" else ""
        cells = {
            "usage": self._usage(value(tq1, 3)),
            "days": days if days.isascii() and days.isdigit() else None,
            "started": self._day(tq1, 7),
            "ended": self._day(tq1, 8),
        }
        place = self._timing if self._medicine is None else self._medicine
        for name, cell in cells.items():
            place[name] = place.get(name) or cell

    def _usage(self, text: str) -> str | None:
        """JAMI 標準用法コード (16 signs): sub-components of the repeat pattern, or components of the field."""
        pieces = [
            self.message.plain(one)
            for one in self.message.parts(text.replace(self.message.sub, self.message.component))
        ]
        for code, _, system in zip(pieces, pieces[1:], pieces[2:], strict=False):
            if system == "JAMISDP01" and len(code) == 16 and code.isascii() and code.isalnum():
                return code.upper()
        return None

    def prescription(self, rxe: Segment) -> None:
        """RXE: a medicine ordered."""
        self._lines += 1
        self._medicine = self._add(
            "prescription",
            {
                "line": str(self._lines),
                **self._order,
                **self._timing,
                **self._drug(rxe, 2),
                "dose": number(self._part(rxe, 3)),
                "dose_unit": self._mr9p(rxe, 5),
                "dosage_form": self._mr9p(rxe, 6, _FORM),
                "dispensed": number(self._part(rxe, 10)),
                "dispensed_unit": self._mr9p(rxe, 11),
                "daily_dose": number(self._part(rxe, 19)),
            },
        )

    def component(self, rxc: Segment) -> None:
        """RXC: a part of a mixture."""
        if self._medicine is None:
            raise BadFile("hl7.order", field="RXC", remedy=_NO_OWNER)
        kind = self._part(rxc, 1)
        self._add(
            "component",
            {
                "line": self._medicine["line"],
                "component_kind": kind if kind in ("A", "B") else None,
                **self._drug(rxc, 2),
                "amount": number(self._part(rxc, 3)),
                "amount_unit": self._mr9p(rxc, 4),
            },
        )

    def administration(self, rxa: Segment) -> None:
        """RXA: a medicine given."""
        cells = {
            "started": self._day(rxa, 3),
            "ended": self._day(rxa, 4),
            **self._drug(rxa, 5),
            "amount": number(self._part(rxa, 6)),
            "amount_unit": self._mr9p(rxa, 7),
            "dosage_form": self._mr9p(rxa, 8, _FORM),
            "completion": hl7coded.listed(self._part(rxa, 20), "hl7_completion"),
        }
        if self._routed:
            self._given, self._routed = [], False
        self._given.append(self._add("administration", cells))

    def route(self, rxr: Segment) -> None:
        """RXR: how the medicines before it are given."""
        owners = self._given or ([self._medicine] if self._medicine is not None else [])
        if not owners:
            raise BadFile("hl7.order", field="RXR", remedy=_NO_OWNER)
        found = of_system(self.message, value(rxr, 1), "HL70162", _ROUTE)
        for cells in owners:
            cells["route"] = cells.get("route") or found
        self._routed = True

    def specimen(self, spm: Segment) -> None:
        """SPM: when what is tested was taken."""
        self._taken = self._day(spm, 17)
        if self.kind.orc_follows:
            self._test = None

    def examination(self, obr: Segment) -> None:
        """OBR: what is ordered or done, by a public code."""
        found = hl7coded.service(self.message, value(obr, 4))
        self.counts["hl7.local_services"] += found is None
        self._test = self._add(
            "examination",
            {
                **({} if self.kind.orc_follows else self._order),
                "service_system": found[1] if found else None,
                "service_code": found[0] if found else None,
                "requested": self._day(obr, 6),
                "observed": self._day(obr, 7),
                "status": hl7coded.listed(self._part(obr, 25), "hl7_result_status"),
            },
        )

    def image(self, ipc: Segment) -> None:
        """IPC: the modality of the examination before it. Its numbers and UIDs are not read."""
        if self._test is not None:
            self._test["modality"] = of_system(self.message, value(ipc, 5), "DCM", r"[A-Z]{2,6}")

    def observation(self, obx: Segment) -> None:
        """OBX: a test value, dated by itself, its examination or its specimen."""
        found = hl7values.row(self.message, obx, self.options.items, self.counts)
        if found is None:
            return
        self._values += 1
        tested = self._test["observed"] if self._test is not None else None
        when = self._day(obx, 14) or tested or self._taken
        self._add("test_value", {**found, "value_no": str(self._values), "observed": when})


_NO_OWNER = "it belongs to a segment before it that is not there; ask the sender for the message again"


_HANDLERS: dict[str, Callable[[Rows, Segment], Any]] = {
    "ORC": Rows.order, "TQ1": Rows.timing, "RXE": Rows.prescription, "RXC": Rows.component, "RXA": Rows.administration,
    "RXR": Rows.route, "SPM": Rows.specimen, "OBR": Rows.examination, "IPC": Rows.image, "OBX": Rows.observation,
}  # fmt: skip
