"""The gate: reads a payload's bytes, asks everything twice, and says what it found in counts. Fails closed.

Order: the bag is whole and the one with the digest; nothing is there that the contract does not name; every table in
every format has the contract's columns, types and rows; every value lies in its closed domain; groups hold k people;
no identifier is in free text, documents, headers, metadata or names of files; nothing known is anywhere; what had to
be proved beside the payload is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from expectations import bag, tables
from expectations.asking import Question, ask
from expectations.attested import Attested, attested_questions, missing_evidence
from expectations.chart_forms import chart_questions
from expectations.contract import CodeList, ColumnContract, Contract, Form, TableContract
from expectations.documents import pieces, read_document
from expectations.grouping import is_countable, of_one_value, people_questions
from expectations.known_values import KnownValues
from expectations.outside import outside_findings
from expectations.read import TableText, Unreadable
from expectations.reconciling import manifest_questions
from expectations.suite import Suite
from expectations.verdict import CHECKED, NOT_AVAILABLE, Finding, Verdict
from expectations.version import gate_version

_FORMATS = ("parquet", "csv", "xlsx")
_NOTHING = Attested()
#: What engines written in Rust raise where they break: no `Exception`.
_PANIC = "PanicException"
#: Seconds an examination may take. Whoever needs more says so; one that does not end must not be waited for for ever.
DAY = 24 * 60 * 60


def examine(
    payload: Path,
    contract: Contract,
    *,
    digest: str,
    known: KnownValues | None,
    attested: Attested = _NOTHING,
    seconds: float = DAY,
) -> Verdict:
    """Examine the bag at `payload` against `contract`; `digest` is the SHA-256 of its ``tagmanifest-sha256.txt``.

    `known` is None where all fingerprints are gone, and says how many are where some are: the verdict then says that
    known values are not available, for the approvers to weigh; what is there is looked up all the same. `attested` is
    the evidence beside the payload. What is not done after `seconds` is not done at all, and stops the release.
    Never raises and never shows a value: whatever goes wrong is a failing finding that names the exception's type.
    Rule: APPI Enforcement Rules art. 34; docs/architecture.md (the payload is a BagIt bag, RFC 8493).
    """
    usable = known if known is not None and known.size else None
    room = _Examination(payload, contract, digest, usable, attested, time.monotonic() + seconds)
    room.guarded("payload", room.everything)
    findings = tuple(room.findings)
    return Verdict(
        digest=digest,
        passed=bool(findings) and all(finding.passed for finding in findings),
        contract_version=contract.version,
        detectors_version=gate_version(),
        known_values=CHECKED if room.known is not None and not room.known.gone else NOT_AVAILABLE,
        findings=findings,
        canaries=attested.totals(),
        canary_rules=attested.rules,
        uncounted=tuple(dict.fromkeys((*contract.uncounted, *room.uncounted))),
    )


class TooLate(Exception):
    """The time of the examination is over."""


@dataclass(repr=False)
class _Examination:
    """One run over one payload; collects findings."""

    payload: Path
    contract: Contract
    digest: str
    known: KnownValues | None
    attested: Attested
    until: float
    findings: list[Finding] = field(default_factory=list)
    texts: dict[str, Sequence[str]] = field(default_factory=dict)
    read: dict[str, dict[str, TableText]] = field(default_factory=dict)
    uncounted: list[str] = field(default_factory=list)
    _suite: Suite | None = None

    @property
    def suite(self) -> Suite:
        """Great Expectations, started when first needed."""
        if self._suite is None:
            self._suite = Suite()
        return self._suite

    def note(self, expectation: str, where: str, kind: str, passed: bool, note: str = "") -> None:
        """Add a finding of our own."""
        self.findings.append(Finding(expectation, where, kind, 0, 0, passed, note))

    def guarded(self, where: str, step: Callable[[], None]) -> None:
        """Run `step`; any exception becomes a failing finding with the type, or the rule, and nothing else."""
        try:
            if time.monotonic() > self.until:
                raise TooLate
            step()
            if time.monotonic() > self.until:
                raise TooLate
        except (Unreadable, bag.BadBag) as refusal:
            self.note("ExpectFileToBeReadable", where, "format", False, refusal.rule)
        except TooLate:
            self.note("ExpectExaminationToEndInTime", where, "timeout", False)
        except Exception as error:
            self.note("ExpectExaminationToEnd", where, "exception", False, type(error).__name__)
        except BaseException as error:
            if type(error).__name__ != _PANIC:
                raise
            self.note("ExpectExaminationToEnd", where, "exception", False, _PANIC)

    def everything(self) -> None:
        """All steps in order. A bag that is not the one with the digest is not read any further."""
        state = bag.survey(self.payload)
        bag.verify(self.payload, self.digest, state)
        self.note("ExpectBagToHaveDigest", "payload", "bag", True)
        if not self.contract_is_complete():
            return
        self.guarded("file names", partial(self.file_names, set(state.files)))
        for table in self.contract.tables:
            for form in table.formats:
                self.guarded(f"{table.name} ({form})", partial(self.table, table, form))
        for form in self.read:
            self.guarded(f"people ({form})", partial(self.people, form))
        for document in dict.fromkeys((*self.contract.documents, "bag-info.txt")):
            self.guarded(document, partial(self.document, document))
        self.guarded("texts", self.outside)
        self.guarded("evidence", self.evidence)
        if bag.survey(self.payload) != state:
            raise bag.BadBag("bag.changed_while_reading")

    def contract_is_complete(self) -> bool:
        """An empty contract would let everything pass: tables, columns, rows, formats and a k must be there."""
        contract = self.contract
        sound = bool(contract.tables) and len({t.name for t in contract.tables}) == len(contract.tables)
        for table in contract.tables:
            names = [column.name for column in table.columns]
            sound &= bool(names) and len(set(names)) == len(names) and table.rows > 0
            sound &= bool(table.formats) and set(table.formats) <= set(_FORMATS)
            sound &= all(c.domain.is_closed for c in table.columns if isinstance(c.domain, Form))
        sound &= is_countable(contract) and contract.manifest in ("", *contract.documents)
        self.note("ExpectContractToBeComplete", "contract", "contract", sound)
        return sound

    def file_names(self, present: set[str]) -> None:
        """Exactly the named files. An unknown file's name is read too, and shown only as a number."""
        parts = {f"data/tables/{t.name}.{form}" for t in self.contract.tables for form in t.formats}
        named = parts | set(self.contract.documents) | {*bag.TAG_FILES, bag.TAG_MANIFEST}
        self.note("ExpectPayloadToHaveAllFiles", "file names", "files", named <= present)
        unknown = sorted(present - named)
        for number, name in enumerate(unknown, start=1):
            where = f"unknown file {number}"
            self.note("ExpectPayloadToHaveNoUnknownFile", where, "files", False)
            self.texts[where] = [name, *_stems(name)]
        self.texts["file names"] = [part for name in sorted(named) for part in (name, *_stems(name))]

    def table(self, table: TableContract, form: str) -> None:
        """One table in one format: outside first, then every column the contract names."""
        where = f"{table.name} ({form})"
        text = tables.opened(self.payload, table, form)
        self.read.setdefault(form, {})[table.name] = text
        self.texts[f"{where} header"] = text.header
        if text.metadata:
            self.texts[f"{where} metadata"] = [piece for one in text.metadata for piece in pieces(one, ())]
        self.findings += tables.header_findings(self.suite, table, text, form)
        questions: list[Question] = []
        for column in table.columns:
            if column.name in text.header:
                place = f"{table.name}.{column.name} ({form})"
                self.guarded(place, partial(self.column, text, column, place, questions))
        self.findings += ask(self.suite, [q for q in questions if not q.of_nulls])
        self.findings += ask(self.suite, [q for q in questions if q.of_nulls])

    def column(self, text: TableText, column: ColumnContract, where: str, questions: list[Question]) -> None:
        """Questions about one column, to be asked with those about the others."""
        forms = self.contract.chart_numbers
        questions += tables.questions_of(text, column, where, self.known, self.findings, forms)

    def people(self, form: str) -> None:
        """k, l, t and rare codes over the tables of one format; all of them have to be readable."""
        people, found = self.contract.people, self.read[form]
        wanted = [t.name for t in self.contract.tables if form in t.formats]
        if people is not None and (not people.table or people.table in wanted):
            if not found.keys() >= set(wanted):
                raise Unreadable("people.table_missing")
            countable, said = of_one_value(people, found, form)
            self.uncounted += said
            self.findings += ask(self.suite, list(people_questions(countable, found, form)))

    def document(self, name: str) -> None:
        """A document's lines, cells and strings, without the texts the operator publishes anyway."""
        text = read_document(self.payload / name)
        columns = [c for t in self.contract.tables for c in t.columns]
        codes = frozenset().union(*(c.domain.codes for c in columns if isinstance(c.domain, CodeList)))
        self.texts[name] = pieces(text, [one for one in self.contract.allowed_texts if one.document == name], codes)
        if name == self.contract.manifest:
            self.findings += ask(self.suite, manifest_questions(text, self.contract, name))

    def outside(self) -> None:
        """Everything that is no cell of a table. A size or count is no chart number because somebody's is the same."""
        self.findings += outside_findings(self.suite, self.texts, self.known)
        asked: list[Question] = []
        for where, texts in self.texts.items():
            known = None if where in (self.contract.manifest, "bag-info.txt") else self.known
            found = list(dict.fromkeys(text for text in texts if text))
            asked += chart_questions(self.contract.chart_numbers, found, [1] * len(found), where, "", known)
        self.findings += ask(self.suite, asked)

    def evidence(self) -> None:
        """What was proved beside the payload."""
        self.findings += missing_evidence(self.attested, self.contract)
        self.findings += ask(self.suite, attested_questions(self.attested))


def _stems(name: str) -> list[str]:
    """Parts of a path that could each be a value: folders, the stem, and the stem's words."""
    parts = [part.rsplit(".", 1)[0] for part in name.split("/")]
    return [*parts, *(word for part in parts for word in part.replace("-", "_").split("_"))]
