"""A file of each format in which every field of one edition is filled, made from the edition's own field table.

Fields that may be stored hold a value of their domain, fields that must go hold a marker that occurs nowhere else, so
that a marker found in the store names its field. Nobody is in these files: markers are no names.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]

from provision import codes
from provision.formats.base import Column, ColumnClass, Format
from provision.formats.cda_document import CdaFormat
from provision.formats.claim_document import PERSON, RESULTS, ClaimFormat
from provision.formats.kaigo_file import CareFormat
from provision.formats.ledger_columns import ALIASES
from provision.formats.life import NAMES
from provision.formats.tables import Field, FieldTable, bounds
from provision.formats.ukefile import UkeFormat
from provision.formats.ukekind import DERIVED
from provision.formats.ukerecognise import PLAIN
from tests.support import checkupfilled, hl7

MARK = "印"
Cells = dict[int, str]


def marker(field: Field) -> str:
    """What stands in a field that must not be stored."""
    return f"{MARK}{field.record}・{field.index}{MARK}"


def value(field: Field, month: str = "202505") -> str:
    """A value of the field's domain in the form senders write; its marker where it has no domain."""
    column: Column = field.column
    word, _, rest = column.domain.partition(":")
    plain = {"month": month, "date": f"{month}03", "zip3": "1000001", "insurer": "06132013"}
    if column.cls is ColumnClass.BIRTH:
        return "19560203"
    if word in plain:
        return plain[word]
    if word == "code":
        return next(iter(codes.load(rest).names))
    if word == "range":
        low, high, step = bounds(column.domain)
        return str(min(max(step, low), high)) if column.dtype == "decimal" else str(int(min(max(1, low), high)))
    return sample(rest) if word == "form" else marker(field)


def _emptied(field: Field) -> Field:
    return replace(field, column=replace(field.column, domain="form:"))


def sample(pattern: str) -> str:
    """A short text that matches a pattern of the field tables: the first choice everywhere, at least once each."""
    text = _sampled(_parser.parse(pattern))
    assert re.fullmatch(pattern, text), pattern
    return text


def _sampled(parsed: object) -> str:
    return "".join(_part(op, args) for op, args in parsed)  # type: ignore[attr-defined]


def _part(op: object, args: object) -> str:
    if op is sre.LITERAL:
        return chr(args)  # type: ignore[arg-type]
    if op is sre.IN:
        kind, found = args[0]  # type: ignore[index]
        return chr(found if kind is sre.LITERAL else found[0])
    if op is sre.SUBPATTERN:
        return _sampled(args[-1])  # type: ignore[index]
    if op is sre.BRANCH:
        return _sampled(args[1][0])  # type: ignore[index]
    if op is sre.MAX_REPEAT:
        low, _, inner = args  # type: ignore[misc]
        return _sampled(inner) * max(1, low)
    return ""


def cells(table: FieldTable, record: str, over: Mapping[str, str] | None = None, month: str = "202505") -> Cells:
    """The filled fields of a record kind by index; `over` says otherwise for columns by name."""
    wanted = over or {}
    return {f.index: wanted.get(f.column.name, value(f, month)) for f in table.record(record) if f.index < DERIVED}


def row(found: Cells) -> list[str]:
    """Cells as a list, gaps empty."""
    return [found.get(index, "") for index in range(max(found) + 1)]


def filled_files(source: Format, table: FieldTable, empty: Collection[str] = ()) -> list[bytes]:
    """The filled file, none where there can be none; of a format whose files hold one resource, a file of each."""
    if source.id.startswith("fhir-"):
        from tests.support.filled_fhir import filled_fhir  # it builds on what is above

        return filled_fhir(source.id, _without(table, empty))
    data = filled(source, table, empty)
    return [] if data is None else [data]


def _without(table: FieldTable, empty: Collection[str]) -> FieldTable:
    return replace(table, fields=tuple(_emptied(f) if f.column.role in empty else f for f in table.fields))


def filled(source: Format, table: FieldTable, empty: Collection[str] = ()) -> bytes | None:
    """The filled file of one edition, but for fields with a role in `empty`; None where there can be none."""
    if empty:
        table = _without(table, empty)
    if source.id == "dpc-k":
        return None
    if isinstance(source, UkeFormat):
        return _uke(source, table)
    if isinstance(source, CareFormat):
        return _care(source, table)
    if source.id == "dpc-form1":
        return _form1(source, table)
    if source.id == "member-ledger":
        return _ledger(table)
    if source.id == "life":
        return _life(table)
    if source.id in hl7.FORMATS:
        return hl7.filled(source.id, table, marker)
    if source.id.startswith("fhir-"):
        return filled_files(source, table)[0]
    if source.id == "checkup-orca-csv":
        return checkupfilled.orca(
            {f.column.name: value(f) for f in table.record("row")}, value(table.record("group")[0])
        )
    if source.id == "checkup-c2xd-csv":
        return checkupfilled.c2xd({f.index: value(f) for f in table.record("row")})
    if isinstance(source, CdaFormat | ClaimFormat):
        return _checkup(source, table)
    layout = getattr(source, "layout", None)
    return None if layout is None else _wide(table, layout.forms, every=layout.every)


def encoding_of(source: Format) -> str:
    """The encoding of the filled file."""
    if source.id == "member-ledger" or source.id.startswith("fhir-") or isinstance(source, CdaFormat | ClaimFormat):
        return "utf-8"
    return hl7.FORMATS.get(source.id, "cp932")


def _checkup(source: CdaFormat | ClaimFormat, table: FieldTable) -> bytes:
    """A document with every field, made by `checkupfilled`."""
    found = {f.column.name: value(f) for f in table.fields if f.record in {"document", "claim"}}
    if isinstance(source, CdaFormat):
        body = {f.column.name: value(f) for f in table.record("body")}
        return checkupfilled.clinical(found, body, guidance=source.id == "guidance-cda")
    root = "checkupClaim" if source.id == "checkup-claim" else "healthGuidanceClaim"
    texts = {name: f"m:{name[:-5]}AdjudicationResult/m:reason/m:text" for name in ("agency_text", "insurer_text")}
    made = checkupfilled.payment(root, {**PERSON, **source.paths, **RESULTS}, found, texts)
    price = b'<unitPriceDetail><amount value="1"/><observation code="3"/></unitPriceDetail></settlement>'
    return made.replace(b"</settlement>", price)


def _uke(source: UkeFormat, table: FieldTable) -> bytes:
    """Opening record, one claim with every record kind of the edition once, closing record with its totals."""
    named, month = table.dataset.edition, _month(table)
    kind = next(k for k in (*source.earlier, source.kind) if named in {t.dataset.edition for t in k.editions})
    ends = [kind.opening, kind.header, kind.above, kind.start, "RE"]
    present = {f.record for f in table.fields}
    body = [k for k in kind.records if k not in {*ends, kind.closing} and k in present]
    order = [k for k in dict.fromkeys([*ends, *body, kind.closing]) if k]
    over = {
        "HO": {"points": "100"},
        kind.closing: {"claims": str(sum(k in {"HO", "KO"} for k in order)), "points": "100", "volume": "99"},
        "RE": {kind.details: "0"} if kind.details else {},
        **{record: {"service_category": "11"} for record in kind.summary},
    }
    lines = [",".join([record, *row(cells(table, record, over.get(record), month))[1:]]) for record in order]
    if source.form != PLAIN:
        lines = [f"1,{number},0,{line}" for number, line in enumerate(lines, 1)]
    return "".join(line + "\r\n" for line in lines).encode("cp932") + b"\x1a"


def _month(table: FieldTable) -> str:
    """A month in which the edition is in force, YYYYMM."""
    return (table.until or table.since or "2025-05").replace("-", "")


def _wide(table: FieldTable, forms: Mapping[int, str], *, every: bool) -> bytes:
    """One row of an inpatient, and one of an outpatient where the birth date stands in the place of the discharge."""
    found = cells(table, "row")
    found |= {index: sample(form) for index, form in forms.items() if not re.fullmatch(form, found.get(index, ""))}
    if every:  # a layout that is not known: numbers are kept wherever they stand
        found[max(found) + 1] = "120"
    rows = [found]
    for field in table.record("row"):
        if field.column.name == "discharge_or_birth":
            rows = [{**found, field.index: day} for day in ("20250510", "19560203")]
    return "".join("\t".join(row(cell)) + "\r\n" for cell in rows).encode("cp932")


def _form1(source: Format, table: FieldTable) -> bytes | None:
    """One stay with every code of a payload table, all nine payloads filled, its days in the edition's first month."""
    own = {t.name for t in source.dataset.tables}
    if any(field.table in own for field in table.fields):
        return None  # the columns of the file: they are filled by the files of the payload tables
    month = _month(table) if table.since else table.dataset.edition[:6]
    rows = []
    for code in dict.fromkeys(field.record for field in table.fields):
        payloads = {f.index: value(f, month) for f in table.record(code)}
        head = ["131234567", "0000004711", f"{month}03", "0", "0", code, "20250401", "1"]
        rows.append([*head, *[payloads.get(number, f"{MARK}{code}・{number}{MARK}") for number in range(1, 10)]])
    return "".join("\t".join(cell) + "\r\n" for cell in rows).encode("cp932")


def _ledger(table: FieldTable) -> bytes:
    found = {f.column.name: value(f) for f in table.fields}
    header = ",".join(ALIASES[name][0] for name in found)
    return f"{header}\r\n{','.join(found.values())}\r\n".encode()


def _life(table: FieldTable) -> bytes:
    """One record under the data type and the ids of its columns."""
    own = {name: item for item, name in NAMES.items()}
    found = {own.get(f.column.name, f.column.name): value(f) for f in table.fields if f.index < DERIVED}
    lines = (table.dataset.edition, ",".join(found), ",".join(found.values()))
    return "".join(f"{line}\r\n" for line in lines).encode("cp932")


_KEYS = {"facility": "1370400012", "care_insurer": "138057", "insured_number": "0000000123"}


#: What an invoice says about one claim whose numbers are all 1, by data kind.
_INVOICE = {"payer_kind": "1", "law": "0", "form": "7111", "claims": "1"}
_SUMS = {
    "711": {**_INVOICE, "invoice_category": "01", "cost": "5", "insurance_amount": "3"},
    "812": {**_INVOICE, "invoice_category": "02", "cost": "3", "insurance_amount": "1"},
}


def _care(source: CareFormat, table: FieldTable) -> bytes:
    """One claim with every record kind of the edition, the invoice or summary its numbers (all 1) add up to."""
    kind, month = source.kind.main_kind, _month(table)
    present, rows = {f.record for f in table.fields}, []
    claims = [record for record in source.kind.records if record in present - source.kind.lone]
    for record in sorted(claims, key=lambda record: (record != "01", record)):
        form = {"711": "7131", "812": record, "821": record}[kind]
        over = {**_KEYS, "form": form, "record_kind": "17" if record == "other" else record, "change_kind": "1"}
        rows += [
            row(cells(table, record, {**over, "detail_no": number}, month))
            for number in _numbers(source, table, record)
        ]
    if "7111" in present:
        units = str(len(rows)) if kind == "812" else "2"
        rows.append(row(cells(table, "7111", {**_KEYS, **_SUMS[kind], "units": units}, month)))
    if "8211" in present:
        none = {f.column.name: "0" for f in table.record("8211") if f.column.dtype == "integer"}
        rows.append(row(cells(table, "8211", {**_KEYS, **none, "own_home_new": "1"}, month)))
    for number, cell in enumerate(rows, 2):
        cell[0], cell[1] = "2", str(number)
    control = ["1", "1", "0", str(len(rows)), kind, "0", "0", "1370400012", "00", "1", month, "0"]
    whole = [control, *rows, ["3", str(len(rows) + 2)]]
    return "".join(",".join(cell) + "\r\n" for cell in whole).encode("cp932")


def _numbers(source: CareFormat, table: FieldTable, record: str) -> tuple[str, ...]:
    """Line numbers of a claim: one line, or a line and the last one (99) with the totals."""
    numbered = any(f.column.name == "detail_no" for f in table.record(record))
    return ("1", "99") if source.kind.head_last and numbered else ("1",)
