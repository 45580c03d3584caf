"""The gate: reads a payload's bytes, asks everything twice, and says what it found in counts. Fails closed.

Order: the bag is whole and the one with the digest; nothing is there that the contract does not name; every table in
every format has the contract's columns, types and rows; every value lies in its closed domain; groups hold k people;
no identifier is in free text, documents, headers, metadata or names of files; nothing known is anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from expectations import bag
from expectations.columns import Question, ask, column_findings
from expectations.contract import CodeList, Contract, TableContract
from expectations.documents import pieces, read_document
from expectations.identifiers import detectors_version
from expectations.known_values import KnownValues
from expectations.outside import outside_findings
from expectations.read import TableText, Unreadable, read_table
from expectations.suite import K_ANONYMITY, Suite, Wanted
from expectations.verdict import Finding, Verdict

_FORMATS = ("parquet", "csv")


def examine(payload: Path, contract: Contract, *, digest: str, known: KnownValues | None) -> Verdict:
    """Examine the bag at `payload` against `contract`; `digest` is the SHA-256 of its ``tagmanifest-sha256.txt``.

    Never raises and never shows a value: whatever goes wrong is a failing finding that names the exception's type.
    Rule: APPI Enforcement Rules art. 34; docs/architecture.md (the payload is a BagIt bag, RFC 8493).
    """
    room = _Examination(payload, contract, digest, known if known is not None and known.size else None)
    room.guarded("payload", room.everything)
    findings = tuple(room.findings)
    return Verdict(
        digest=digest,
        passed=bool(findings) and all(finding.passed for finding in findings),
        contract_version=contract.version,
        detectors_version=detectors_version(),
        known_values="not available" if room.known is None else "checked",
        findings=findings,
    )


@dataclass(repr=False)
class _Examination:
    """One run over one payload; collects findings."""

    payload: Path
    contract: Contract
    digest: str
    known: KnownValues | None
    findings: list[Finding] = field(default_factory=list)
    texts: dict[str, Sequence[str]] = field(default_factory=dict)
    _suite: Suite | None = None

    @property
    def suite(self) -> Suite:
        """Great Expectations, started when first needed."""
        if self._suite is None:
            self._suite = Suite()
        return self._suite

    def note(self, expectation: str, where: str, kind: str, passed: bool, note: str = "", rows: int = 0) -> None:
        """Add a finding of our own."""
        self.findings.append(Finding(expectation, where, kind, rows, 0, passed, note))

    def guarded(self, where: str, step: Callable[[], None]) -> None:
        """Run `step`; any exception becomes a failing finding with the type, or the rule, and nothing else."""
        try:
            step()
        except (Unreadable, bag.BadBag) as refusal:
            self.note("ExpectFileToBeReadable", where, "format", False, refusal.rule)
        except Exception as error:
            self.note("ExpectExaminationToEnd", where, "exception", False, type(error).__name__)

    def everything(self) -> None:
        """All steps in order. A bag that is not the one with the digest is not read any further."""
        state = bag.survey(self.payload)
        bag.verify(self.payload, self.digest, state)
        self.note("ExpectBagToHaveDigest", "payload", "bag", True)
        if not self.contract_is_complete():
            return
        self.guarded("file names", lambda: self.file_names(set(state.files)))
        for table in self.contract.tables:
            for form in table.formats:
                self.guarded(f"{table.name} ({form})", lambda t=table, f=form: self.table(t, f))  # type: ignore[misc]
        codes = frozenset().union(
            *(c.domain.codes for t in self.contract.tables for c in t.columns if isinstance(c.domain, CodeList))
        )
        for document in dict.fromkeys((*self.contract.documents, "bag-info.txt")):
            self.guarded(document, lambda d=document: self.document(d, codes))  # type: ignore[misc]
        self.guarded("texts", lambda: self.findings.extend(outside_findings(self.suite, self.texts, self.known)))
        if bag.survey(self.payload) != state:
            raise bag.BadBag("bag.changed_while_reading")

    def contract_is_complete(self) -> bool:
        """An empty contract would let everything pass: tables, columns, rows, formats and a k must be there."""
        tables, people = self.contract.tables, self.contract.people
        sound = bool(tables) and len({t.name for t in tables}) == len(tables)
        for table in tables:
            names = [column.name for column in table.columns]
            sound &= bool(names) and len(set(names)) == len(names) and table.rows > 0
            sound &= bool(table.formats) and set(table.formats) <= set(_FORMATS)
        if people is not None:
            columns = {t.name: {c.name for c in t.columns} for t in tables}.get(people.table, set())
            named = {*people.quasi, *([people.person] if people.person else [])}
            sound &= people.k >= 1 and bool(people.quasi) and named <= columns
        self.note("ExpectContractToBeComplete", "contract", "contract", sound)
        return sound

    def file_names(self, present: set[str]) -> None:
        """Exactly the named files. An unknown file's name is read too, and shown only as a number."""
        tables = {f"data/tables/{t.name}.{form}" for t in self.contract.tables for form in t.formats}
        named = tables | set(self.contract.documents) | {*bag.TAG_FILES, bag.TAG_MANIFEST}
        self.note("ExpectPayloadToHaveAllFiles", "file names", "files", named <= present)
        unknown = sorted(present - named)
        for number, name in enumerate(unknown, start=1):
            where = f"unknown file {number}"
            self.note("ExpectPayloadToHaveNoUnknownFile", where, "files", False)
            self.texts[where] = [name, *_stems(name)]
        self.texts["file names"] = [part for name in sorted(named) for part in (name, *_stems(name))]

    def table(self, table: TableContract, form: str) -> None:
        """One table in one format: outside first, then every column the contract names, then its people."""
        where = f"{table.name} ({form})"
        text = read_table(self.payload / f"data/tables/{table.name}.{form}", form)
        if text.rows == 0:
            raise Unreadable("table.empty")
        self.header(table, text, form)
        for column in table.columns:
            if column.name in text.header:
                place = f"{table.name}.{column.name} ({form})"
                self.guarded(
                    place,
                    lambda c=column, p=place: self.findings.extend(  # type: ignore[misc]
                        column_findings(self.suite, text.distinct(c.name), c, p, self.known)
                    ),
                )
        people = self.contract.people
        if people is not None and people.table == table.name:
            self.guarded(where, lambda: self.people(text, where))

    def header(self, table: TableContract, text: TableText, form: str) -> None:
        """Columns in order, physical types, number of rows; header and metadata hold no identifier."""
        import pandas as pd

        where, wanted = f"{table.name} ({form})", [column.name for column in table.columns]
        exact = list(text.header) == wanted
        columns = Wanted("ExpectTableColumnsToMatchOrderedList", {"column_list": wanted}, counts=False)
        frame = pd.DataFrame([[0] * len(text.header)], columns=list(text.header))
        self.findings += ask(self.suite, frame, [Question(columns, "columns", int(not exact), 0)], where)
        rows = Wanted("ExpectColumnValuesToBeInSet", {"column": "found", "value_set": [table.rows]})
        wrong = int(text.rows != table.rows)
        facts = pd.DataFrame({"found": [text.rows], "rows": [text.rows]})
        self.findings += ask(self.suite, facts, [Question(rows, "rows", wrong, wrong * text.rows)], where)
        types = dict(zip(text.header, text.types, strict=True))
        for column in table.columns:
            found = types.get(column.name, "missing")
            fits = found == column.dtype or (form == "csv" and found == "text")
            place = f"{table.name}.{column.name} ({form})"
            self.note("ExpectColumnToHavePhysicalType", place, "type", fits, "" if fits else found, text.rows)
        self.texts[f"{where} header"] = text.header
        if form == "parquet":
            self.texts[f"{where} metadata"] = _split(text.metadata)

    def people(self, text: TableText, where: str) -> None:
        """k over distinct people where the contract names their column, else over rows."""
        people = self.contract.people
        if people is None:
            return
        frame = text.groups(people.quasi, people.person)
        small = frame["people"] < people.k
        wanted = Wanted(K_ANONYMITY, {"column": "people", "k": people.k})
        question = Question(wanted, "k", int(small.sum()), int(frame.loc[small, "rows"].sum()))
        self.findings += ask(self.suite, frame, [question], where)

    def document(self, name: str, codes: frozenset[str]) -> None:
        """A document's lines, cells and strings, without the texts the operator publishes anyway."""
        self.texts[name] = pieces(read_document(self.payload / name), self.contract.allowed_texts, codes)


def _stems(name: str) -> list[str]:
    """Parts of a path that could each be a value: folders, the stem, and the stem's words."""
    parts = [part.rsplit(".", 1)[0] for part in name.split("/")]
    return [*parts, *(word for part in parts for word in part.replace("-", "_").split("_"))]


def _split(metadata: tuple[str, ...]) -> list[str]:
    return [piece for text in metadata for piece in pieces(text, ())]
