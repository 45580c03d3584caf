"""Places: where a value is planted, how many have room in one payload without hiding each other, and how it is found.

A verdict counts rows and names places, never values. So every case has a place of its own in the verdict: a document, a
table, a numbered file; or, in a column, a number of rows of its own (1, 2, 4, …), which the sum of failing rows gives
away.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from benchmarks.leak_matrix.draft import CLOSED, FORMATS, Draft
from benchmarks.leak_matrix.forms import FORMS, Planted
from benchmarks.leak_matrix.sentences import around
from benchmarks.leak_matrix.values import Maker, Value

#: Cases in one column, so at most 2 ** BITS - 1 rows more.
BITS = 13
#: Columns with a telling header in one payload. Great Expectations takes five milliseconds to ask one column for one
#: kind, so few columns hold many cases, and columns with a domain take turns.
_TELLING = 2
_TURNS = 4


@dataclass(frozen=True)
class Written:
    """A value as it is planted: in its disguise, in two pieces where it is split, and what it was made from."""

    maker: Maker
    value: Value
    pieces: tuple[str, ...]

    @property
    def text(self) -> str:
        """The value in its disguise; of a split one the first piece."""
        return self.pieces[0]

    @property
    def words(self) -> str:
        """The value with the words around it, as one would write it outside a table."""
        return self.value.phrase.format(self.text)


@dataclass(frozen=True)
class Place:
    """One kind of place, with room for `capacity` cases in a payload.

    `closed`: any deviation stops the release there, whether or not it is seen as an identifier. The bars speak of it
    where `barred`.
    """

    name: str
    closed: bool = False
    capacity: int = BITS
    barred: bool = True
    turn: int | None = None

    def takes_part(self, payload: int) -> bool:
        """Whether this place is in the payload of that number; places with a turn are in one of four."""
        return self.turn is None or payload % _TURNS == self.turn

    def takes(self, written: Written) -> bool:
        """True where such a value can stand there at all, and would be a leak."""
        return len(written.pieces) == 1

    def plant(self, draft: Draft, written: Written, draw: Random) -> Slot:
        """Plant, and say where to look for it."""
        raise NotImplementedError


@dataclass(frozen=True)
class Slot:
    """Where one planted case shows: any of `alternatives`, in every verdict place of one; `bit` of a column's rows."""

    alternatives: tuple[tuple[str, ...], ...]
    bit: int | None = None


def _in_column(draft: Draft, table: str, column: str, text: str) -> Slot:
    bit = draft.plant(table, column, text)
    return Slot((tuple(f"{table}.{column} ({form})" for form in FORMATS),), bit)


@dataclass(frozen=True)
class ClosedColumn(Place):
    """A cell of a column with a closed domain. What is a legal value there by itself is no case."""

    column: str = ""

    def takes(self, written: Written) -> bool:
        """Whole numbers keep the column's type only where they are written as one."""
        if self.column == "amount" and not (
            written.text.isascii() and written.text.isdigit() and len(written.text) < 19
        ):
            return False
        return super().takes(written) and not CLOSED[self.column].legal(written.text)

    def plant(self, draft: Draft, written: Written, draw: Random) -> Slot:
        """The value alone."""
        return _in_column(draft, "coded", self.column, written.text)


@dataclass(frozen=True)
class Text(Place):
    """The middle of a text in a column of free text."""

    def plant(self, draft: Draft, written: Written, draw: Random) -> Slot:
        """Among clean texts."""
        return _in_column(draft, "notes", "text", around(draw, written.words))


@dataclass(frozen=True)
class Cell(Place):
    """A cell of free text that holds nothing else: the bare value where it shows what it is, else with its label."""

    def plant(self, draft: Draft, written: Written, draw: Random) -> Slot:
        """A cell of its own."""
        return _in_column(draft, "notes", "cell", written.text if written.maker.cell else written.words)


@dataclass(frozen=True)
class TellingColumn(Place):
    """A cell of free text under a header that says what it is: 電話番号, カルテ番号."""

    def takes(self, written: Written) -> bool:
        """Values whose column has a name."""
        return super().takes(written) and written.value.column not in ("備考", "日付")

    def plant(self, draft: Draft, written: Written, draw: Random) -> Slot:
        """The value alone."""
        return _in_column(draft, "telling", written.value.column, written.text)


@dataclass(frozen=True)
class TwoCells(Place):
    """Two neighbouring cells of one row, half a value in each."""

    def takes(self, written: Written) -> bool:
        """Split values only."""
        return len(written.pieces) == 2

    def plant(self, draft: Draft, written: Written, draw: Random) -> Slot:
        """Found where either half is."""
        slots = [_in_column(draft, "notes", side, t) for side, t in zip(("left", "right"), written.pieces, strict=True)]
        return Slot(tuple(slot.alternatives[0] for slot in slots), slots[0].bit)


@dataclass(frozen=True)
class Document(Place):
    """A file beside the tables, one for every case."""

    form: str = ""

    def takes(self, written: Written) -> bool:
        """A label as header or key is asked only of values that have one."""
        return super().takes(written) and ("label" not in self.name or written.value.column not in ("備考", "日付"))

    def plant(self, draft: Draft, written: Written, draw: Random) -> Slot:
        """A document of its own."""
        path = self.path(draft)
        draft.documents[path] = FORMS[self.form][1](Planted(written.words, written.value.column, written.text), draw)
        return Slot(((path,),))

    def path(self, draft: Draft) -> str:
        """The next document's path."""
        return f"data/reports/report_{len(draft.documents):03d}.{FORMS[self.form][0]}"


@dataclass(frozen=True)
class Metadata(Place):
    """A key-value pair of a Parquet file, or of one of its columns."""

    of_column: bool = False

    def plant(self, draft: Draft, written: Written, draw: Random) -> Slot:
        """A table of its own."""
        name, pair = f"meta_{len(draft.metadata):02d}", {"note": written.words}
        draft.metadata[name] = ({}, pair) if self.of_column else (pair, {})
        return Slot(((f"{name} (parquet) metadata",),))


@dataclass(frozen=True)
class BagInfo(Place):
    """A line of bag-info.txt."""

    def plant(self, draft: Draft, written: Written, draw: Random) -> Slot:
        """One in a payload."""
        draft.info["External-Description"] = written.words
        return Slot((("bag-info.txt",),))


@dataclass(frozen=True)
class Header(Place):
    """The name of a column."""

    def plant(self, draft: Draft, written: Written, draw: Random) -> Slot:
        """A table of its own."""
        name = f"head_{len(draft.headers):02d}"
        draft.headers[name] = written.words
        files = [f"{name} ({form})" for form in FORMATS]
        return Slot((tuple(files), tuple(f"{file} header" for file in files)))


@dataclass(frozen=True)
class FileName(Place):
    """The name of a file, or of a folder, that no contract names."""

    folder: bool = False

    def takes(self, written: Written) -> bool:
        """What a file system takes."""
        return super().takes(written) and "/" not in written.words and len(written.words.encode()) < 200

    def plant(self, draft: Draft, written: Written, draw: Random) -> Slot:
        """Verdicts number unknown files by the order of their names, which is known when all are planted."""
        path = f"data/{written.words}/a.txt" if self.folder else f"data/{written.words}.txt"
        draft.files[path] = b"-\n"
        return Slot(((path,),))


def all_places() -> tuple[Place, ...]:
    """Every place, documents of every form too."""
    names = [name for name in CLOSED if name not in ("person", "sex")]
    closed = [ClosedColumn(f"domain: {n}", True, 10, turn=i % _TURNS, column=n) for i, n in enumerate(names)]
    documents = [Document(f"document: {form}", capacity=3, form=form) for form in FORMS]
    return (
        *closed,
        Text("text: middle"),
        Cell("text: whole cell"),
        TellingColumn("text: telling column", capacity=_TELLING),
        TwoCells("text: two cells", capacity=8, barred=False, turn=1),
        *documents,
        Metadata("metadata: Parquet file", capacity=3),
        Metadata("metadata: Parquet column", capacity=3, of_column=True),
        BagInfo("metadata: bag-info.txt", capacity=1),
        Header("header", True, capacity=4),
        FileName("file name", True, capacity=4),
        FileName("folder name", True, capacity=4, folder=True),
    )
