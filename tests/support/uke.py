"""Medical claims files made by hand, as small as a test needs them. Everybody in them is fictitious."""

from __future__ import annotations

from dataclasses import dataclass, replace

#: Never to be seen outside a seal: name, kana, chart number.
NAME, KANA, CHART = "架空山　花子", "カクウヤマハナコ", "KRT0007731"
IR = "IR,1,13,1,1234567,,架空医院,202506,00,03-0000-0000"
SI = "SI,{category},1,112011010,,,1"


@dataclass(frozen=True)
class Claim:
    """One claim; `body` are records after RE and HO, without line ends."""

    name: str = NAME
    kana: str = KANA
    birth: str = "19560203"
    sex: str = "2"
    month: str = "202505"
    chart: str = CHART
    insurer: str = "06132013"
    symbol: str = "１２・３"
    number: str = "４５６"
    points: int = 100
    reserved: str = ""
    search: str = ""
    payer: bool = True
    body: tuple[str, ...] = ()

    def records(self, number: int = 1) -> list[str]:
        """The claim's records; `number` is its running number."""
        head = [""] * 38
        head[:7] = ["RE", str(number), "1112", self.month, self.name, self.sex, self.birth]
        head[13], head[15], head[18], head[36] = self.chart, self.reserved, self.search, self.kana
        card = f"HO,{self.insurer},{self.symbol},{self.number},1,{self.points},,,,,,,,,"
        return [",".join(head), *([card] if self.payer else []), *self.body]

    def but(self, **changes: object) -> Claim:
        """The claim with other values."""
        return replace(self, **changes)  # type: ignore[arg-type]


def lines(*claims: Claim, ir: str = IR, go: str | None = None) -> list[str]:
    """All records of a file; totals are right unless `go` says something else."""
    found = [ir]
    for number, claim in enumerate(claims, 1):
        found += claim.records(number)
    payers = sum(line.startswith(("HO,", "KO,")) for line in found)
    return [*found, f"GO,{payers},{sum(c.points for c in claims)},99" if go is None else go]


def encoded(records: list[str], *, end: str = "\r\n", tail: bytes = b"\x1a", encoding: str = "cp932") -> bytes:
    """The bytes of a file."""
    return "".join(record + end for record in records).encode(encoding) + tail


def file(*claims: Claim) -> bytes:
    """A good file of these claims (one where none is given)."""
    return encoded(lines(*(claims or (Claim(),))))
