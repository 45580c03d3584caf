"""取得の記録: personal links, and which bytes of which file were sent to whom.

A file counts as fetched by a member when the pieces sent add up to all of it. That is still no receipt: bytes may end
in a socket, and only a person can say that the file could be opened (`confirming`).
"""

from __future__ import annotations

from dataclasses import dataclass

from provision.portal.desk import Desk
from provision.portal.members import Member
from provision.portal.ranges import covered
from provision.portal.secrecy import kept
from provision.portal.shipments import Shipment


@dataclass(frozen=True)
class Link:
    """Whose link it is, and to what."""

    member: str
    delivery: str
    file: str


@dataclass(frozen=True)
class Fetched:
    """How far somebody has a file: `bytes` of `size`, last in `at`."""

    member: str
    file: str
    bytes: int
    size: int
    at: float

    @property
    def complete(self) -> bool:
        """Whether the bytes add up."""
        return self.bytes == self.size

    @property
    def percent(self) -> int:
        """Whole percent; 100 only where complete."""
        return 100 if self.complete else min(99, self.bytes * 100 // max(1, self.size))


def personal_link(desk: Desk, member: Member, made: Shipment, file: str) -> str:
    """The token of a member's own link to a file: the same whenever it is asked for, and nobody else's."""
    token = desk.secrecy.mac("link", member.id, made.order, file)[:40]
    with desk.database.opened() as rows:
        rows.execute("INSERT OR IGNORE INTO link VALUES (?, ?, ?, ?)", (kept(token), member.id, made.order, file))
    return token


def link(desk: Desk, token: str) -> Link | None:
    """What a token leads to; None where it leads nowhere."""
    with desk.database.opened() as rows:
        row = rows.execute("SELECT member, delivery, file FROM link WHERE hash = ?", (kept(token),)).fetchone()
    return Link(row["member"], row["delivery"], row["file"]) if row else None


def record(desk: Desk, to: Link, first: int, past: int, started: float) -> None:
    """Bytes `first` to `past` (excluded) were sent; nothing where none was."""
    if past > first:
        with desk.database.opened() as rows:
            rows.execute(
                "INSERT INTO transfer VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)",
                (to.member, to.delivery, to.file, first, past, started, desk.clock()),
            )


def fetched(desk: Desk, made: Shipment) -> list[Fetched]:
    """Everybody's progress with every file of a shipment, those who began first first."""
    pieces: dict[tuple[str, str], list[tuple[int, int]]] = {}
    last: dict[tuple[str, str], float] = {}
    with desk.database.opened() as rows:
        found = rows.execute("SELECT * FROM transfer WHERE delivery = ? ORDER BY id", (made.order,)).fetchall()
    for row in found:
        who = (row["member"], row["file"])
        pieces.setdefault(who, []).append((row["first"], row["past"]))
        last[who] = max(last.get(who, 0.0), row["ended"])
    sizes = {file.name: file.size for file in made.files}
    return [Fetched(*who, covered(sent), sizes[who[1]], last[who]) for who, sent in pieces.items() if who[1] in sizes]


def all_fetched(desk: Desk, made: Shipment) -> bool:
    """Whether somebody of the organisation has each file whole."""
    whole = {one.file for one in fetched(desk, made) if one.complete}
    return whole >= {file.name for file in made.files}
