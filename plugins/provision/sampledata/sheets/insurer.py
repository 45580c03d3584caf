"""Claims as an insurer receives its members' (保険者向け RECODEINFO): the claims of others with what is added to them.

Every line has three columns in front (data class, line of the receipt, branch). A receipt begins with MN and the
header of its facility, SN holds the card that was confirmed, EX and RC stand at the end. Grade C, as far as known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from provision.sampledata.blocks import Block, World
from provision.sampledata.calendar import Month
from provision.sampledata.illness import Visit
from provision.sampledata.numbering import scattered
from provision.sampledata.occasions import Occasion
from provision.sampledata.person import Coverage
from provision.sampledata.sheets.base import CRLF, Sheet
from provision.sampledata.sheets.dental import DentalSheet
from provision.sampledata.sheets.dispensing import DispensingSheet
from provision.sampledata.sheets.dpc_claim import DpcClaimSheet
from provision.sampledata.sheets.medical import MedicalSheet
from provision.sampledata.tables import city

_ADDED = ("MN", "EX", "RC")
_ADDRESS = "東京都港区架空町１－１－１"


def members(occasion: Occasion) -> Occasion:
    """Only visits with a card of the city's health insurance (国民健康保険)."""

    def only(world: World, block: Block, month: Month, bulk: bool) -> Iterator[Visit]:
        for visit in occasion(world, block, month, bulk):
            if visit.coverage is not None and visit.coverage.insurer == city().nhi:
                yield visit

    return only


class InsurerSheet(Sheet):
    """The claims of one other sheet in the insurer's form."""

    inner: Callable[[Month, int], Sheet]
    salt = 0

    def __init__(self, month: Month, style: int = 0) -> None:
        super().__init__(month, style)
        self._sheet = type(self).inner(month, style)
        self.totals = self._sheet.totals
        self._opening = self._sheet.head().removesuffix(CRLF)

    def entry(self, visit: Visit, kind: str) -> str:
        """One receipt: MN, the facility's header, the claim with SN, then EX and RC."""
        records = self._confirmed(self._sheet.entry(visit, kind).split(CRLF)[:-1], visit)
        number = f"9{scattered(visit.person.serial * 16 + visit.month.index % 16, 8, self.salt)}"
        lines = [("2", f"MN,{number},{_ADDRESS},1345{visit.month.compact[2:]}{number},,,")]
        lines += [("2" if record.startswith("SN,") else "1", record) for record in self._headed(records)]
        lines += [("2", "EX,1,,,"), ("2", f"RC,Ver00001{scattered(visit.person.serial, 12, 29)}")]
        return "".join(f"{source},{place},0,{record}{CRLF}" for place, (source, record) in enumerate(lines, 1))

    def _headed(self, records: list[str]) -> list[str]:
        """With the facility's header above, where the claim does not bring its own."""
        return records if records[0].startswith("IR,") else [self._opening, *records]

    def _confirmed(self, records: list[str], visit: Visit) -> list[str]:
        """With SN behind the payers, and comments quoted in every other file."""
        kept = [self._quoted(record) for record in records if not record.startswith("SN,")]
        last = next(i for i, record in enumerate(kept) if not record.startswith(("IR,", "RE,", "HO,", "KO,")))
        assert visit.coverage is not None
        return [*kept[:last], _sn(visit.coverage), *kept[last:]]

    def _quoted(self, record: str) -> str:
        if not self.cut or not record.startswith(("CO,", "SJ,", "TK,")):
            return record
        cells = record.split(",")
        place = 2 if len(cells) < 5 else 4  # SJ, TK and CO of the pharmacy; CO of the others
        cells[place] = f'"{cells[place]},引用あり"'
        return ",".join(cells)

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """As the claim itself, with the branch from SN; details of a 総括 have none."""
        assert visit.coverage is not None
        first, *details = self._sheet.evidence(visit)
        return [first | {"branch": visit.coverage.branch}, *details]

    def rows(self, text: str) -> Counter[str]:
        """Records of the claims, those that were added left out."""
        kinds = Counter(line.split(",", 4)[3] for line in text.split(CRLF) if line)
        return Counter({kind: count for kind, count in kinds.items() if kind not in _ADDED})


def _sn(card: Coverage) -> str:
    """SN with the confirmed card: insurer, symbol, number and branch in half width."""
    return f"SN,1,01,{card.insurer:>8},{card.symbol},{card.number},{card.branch},,"


class InsurerMedical(InsurerSheet):
    """``…_RECODEINFO_MED.CSV``."""

    inner, salt = MedicalSheet, 31


class InsurerDental(InsurerSheet):
    """``…_RECODEINFO_DEN.CSV``."""

    inner, salt = DentalSheet, 32


class InsurerDpc(InsurerSheet):
    """``…_RECODEINFO_DPC.CSV``."""

    inner, salt = DpcClaimSheet, 33


class InsurerDispensing(InsurerSheet):
    """``…_RECODEINFO_PHA.CSV``."""

    inner, salt = DispensingSheet, 34
