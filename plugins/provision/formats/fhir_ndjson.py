"""FHIR R4 bulk exports, ``Patient.ndjson``: one resource a line, UTF-8, files of one kind or of several (grade D).

Every line is a record of its own (`fhirlines`): its head row says of what kind it is, and its person is known
by the reference to the Patient. So files may come in any order, and a Patient in another file than what refers to it.
A line that cannot be read, or of which nobody knows whose it is, is held for quarantine; the others go on.
The number of a line's record is kind and id, so that a version sent later replaces the earlier one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import compress
from typing import Any, BinaryIO

from provision.formats.base import BadFile, Dataset, Parcel, Report
from provision.formats.fhirblocks import decoded_lines
from provision.formats.fhirdecoding import BOM, is_utf8, line
from provision.formats.fhirkinds import are_lines
from provision.formats.fhirlines import of_lines
from provision.formats.fhirparcels import parcel
from provision.formats.fhirpaths import ANY, is_read, table
from provision.formats.fhirrecords import HEAD, Records, grouped, spoiled, without
from provision.formats.fhirsystems import Systems, systems
from provision.formats.pieces import Piece, line_ends
from provision.formats.tables import Field, FieldTable

BLOCK, LINE_LIMIT = 16 * 1024 * 1024, 8 * 1024 * 1024
_PIECE = 256 * 1024


@dataclass(frozen=True)
class FhirNdjson:
    """The reader. Options: `fhirsystems`."""

    id: str = "fhir-ndjson"

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": "FHIR一括出力（NDJSON）", "en": "FHIR bulk export (NDJSON)"}

    @property
    def dataset(self) -> Dataset:
        """Everything of the allow-list."""
        return _table().dataset

    @property
    def editions(self) -> tuple[FieldTable, ...]:
        """R4, the only one."""
        return (_table(),)

    def recognise(self, head: bytes) -> str:
        """By the first line: a whole object that says its kind, which is no Bundle."""
        return "a first line that is a JSON object with the kind of a FHIR resource" if are_lines(head) else ""

    def never_reads(self, field: Field) -> bool:
        """Texts and names of staff are in no type of the decoder."""
        return not is_read(field)

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """One parcel per 16 MiB of lines. Raises `BadFile`: ``file.empty``, ``fhir.line_length``, and the rule of the
        first line where too many cannot be taken; `FixConfiguration` for options it does not know."""
        for piece in self.pieces(stream):
            yield self.of_piece(piece, report, options)
        self.check_whole(report)

    def pieces(self, stream: BinaryIO) -> Iterator[Piece]:
        """Blocks of lines. Raises `BadFile` ``fhir.line_length``."""
        before = 0
        for block in blocks(stream):
            yield Piece(block, before)
            before += line_ends(block)

    def of_piece(self, piece: Piece, report: Report, options: Mapping[str, object]) -> Parcel:
        """The records of a block. Raises `BadFile` where too many of its lines cannot be taken."""
        known = systems(options)
        report.edition = _table().dataset.edition
        return parcel(_table().dataset, _records(piece, known, report), known, report)

    def check_whole(self, report: Report) -> None:
        """Raises `BadFile` where no line holds a resource that R4 knows: ``file.empty``, or the first line's rule."""
        if report.records or any(not rule.startswith("held:") for rule in report.warnings):
            return
        first = report.held[0] if report.held else None
        raise BadFile(
            first.rule if first else "file.empty",
            record=first.record if first else 0,
            remedy="no line holds a resource; ask the sender for the right file",
        )


def blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Blocks of whole lines without a byte order mark. Raises `BadFile` ``fhir.line_length`` without reading on."""
    pieces: list[bytes] = []
    held, started = 0, False
    while piece := stream.read(_PIECE):
        if not started:
            piece, started = piece.removeprefix(BOM), True
        last = piece.rfind(b"\n")
        held += len(piece)
        pieces.append(piece)
        if last >= 0 and held >= BLOCK:
            pieces[-1] = piece[: last + 1]
            yield b"".join(pieces)
            pieces, held = [piece[last + 1 :]], len(piece) - last - 1
        elif last < 0 and held > BLOCK + LINE_LIMIT:
            raise BadFile("fhir.line_length", remedy=f"a line has at most {LINE_LIMIT // 2**20} MiB; ask the sender")
    if rest := b"".join(pieces):
        yield rest


def _records(piece: Piece, known: Systems, report: Report) -> Records:
    """The records of a block. Where its text is broken somewhere, every line is judged alone, and so is a line with an
    element that is not as R4 has it."""
    counts: Counter[str] = Counter()
    numbers, found, held = _taken(decoded_lines(piece.data), counts)
    groups = grouped(found)
    if wrong := spoiled(groups):
        raws, lost = piece.data.split(b"\n"), [numbers[at] for at in sorted(wrong)]
        _, _, rules = _taken([raws[at] for at in lost], counts)
        held |= {place: rules[at] for at, place in enumerate(lost)}
        numbers, found = without(numbers, wrong), without(found, wrong)
        groups = grouped(found)
    records, refused = of_lines(found, known, groups)
    records.counts.update(counts)
    _hold(held | {numbers[at]: rule for at, rule in refused.items()}, piece, report)
    return records


def _taken(found: list[Any], counts: Counter[str]) -> tuple[list[int], list[Any], dict[int, str]]:
    """Of resources, or lines as bytes (altered): the places of those that are taken, they themselves, and by place the
    rule of others. Lines of kinds that R4 does not know are neither, and counted."""
    held: dict[int, str] = {}
    for at, one in enumerate(found):
        if isinstance(one, bytes):
            try:
                found[at] = _alone(one, counts)
            except BadFile as refusal:
                found[at], held[at] = None, refusal.rule
    kept = [one is not None for one in found]
    return list(compress(range(len(found)), kept)), list(compress(found, kept)), held


def _alone(raw: bytes, counts: Counter[str]) -> Any:
    """The resource of one line; None where there is none, or of no kind that R4 knows. Raises `BadFile`."""
    if not raw or raw.isspace():
        return None
    if not is_utf8(raw):
        raise BadFile("text.encoding", remedy="FHIR is written in UTF-8; ask the sender for the file again")
    return line(raw, counts)


def _hold(rules: Mapping[int, str], piece: Piece, report: Report) -> None:
    """The lines of a block that cannot be taken, by place, into quarantine in their order."""
    raws = piece.data.split(b"\n") if rules else []
    for at in sorted(rules):
        report.hold(piece.before + at + 1, rules[at], raws[at])


#: Roles of columns that differ from a bundle's: the reference is the chart number of the source.
_ROLES = {"chart": "", "facility": "", "subject": "chart"}
#: Columns of bundles that no line fills: what a document says, and encounters of other resources.
_OF_DOCUMENTS = frozenset({(HEAD, "document_type"), (HEAD, "recorded")})
_ENCOUNTERS = ("encounter", "encounter_no")


def _table() -> FieldTable:
    return table_of_lines("fhir-ndjson", "診療情報（FHIR一括出力）", "FHIR bulk export")


@cache
def table_of_lines(name: str, ja: str, en: str) -> FieldTable:
    """The allow-list as a dataset of this name, with the columns that resources without a bundle can fill."""
    whole = table()
    fields = tuple(_of_line(field) for field in whole.fields if _fills(field.table, field.column.name))
    tables = tuple(
        replace(t, columns=tuple(f.column for f in fields if f.table == t.name)) for t in whole.dataset.tables
    )
    return replace(whole, dataset=replace(whole.dataset, id=name, ja=ja, en=en, tables=tables), fields=fields)


def _fills(name: str, column: str) -> bool:
    return (name, column) not in _OF_DOCUMENTS and (column != _ENCOUNTERS[1] or name == _ENCOUNTERS[0])


def _of_line(field: Field) -> Field:
    """With the role that it has in lines. The number of a line's record is the id of its resource."""
    column = replace(field.column, role=_ROLES.get(field.column.name, field.column.role))
    if field.column.name == "record_id":
        return Field(field.table, f"{ANY}.id", 1, column)
    return replace(field, column=column)


FORMAT = FhirNdjson()
