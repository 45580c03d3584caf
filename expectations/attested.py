"""What the maker of a release proves beside the payload, because the payload itself cannot show it any more.

The order of the source is gone once rows are shuffled, and fictitious patients never mix with real rows: both are
measured where they are known, handed over as counts, and held against the same limits as everything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from expectations.asking import Question
from expectations.classes.row_order import longest_run, most_correlation
from expectations.contract import Contract
from expectations.suite import Wanted
from expectations.verdict import Finding

ROW_ORDER, CANARIES = "row_order", "canaries"


@dataclass(frozen=True)
class RowOrder:
    """行の並び of one table (or of one of its random numbers) against the order of the source: Spearman's rho in
    millionths, and the longest run of rows that follow each other as in the source, forward or backward."""

    rows: int
    correlation_ppm: int
    longest_run: int

    @property
    def excess(self) -> int:
        """1 where it follows the source more than chance explains, else 0."""
        related = abs(self.correlation_ppm) > most_correlation(self.rows)
        return int(related or self.longest_run > longest_run(self.rows))


@dataclass(frozen=True)
class Canaries:
    """カナリア of one field: identifiers planted in it, how many were left after the rules, and how many the gate finds
    as they were planted. `strong` fields (names, telephones, addresses) must all be found."""

    planted: int
    survived: int
    found: int
    strong: bool


@dataclass(frozen=True)
class Attested:
    """Evidence by place: table, or ``table.number``, for the order; ``dataset.table.column`` for canaries. `rules`:
    which of the profile's rules went over the canaries and which could not, for the verdict to say."""

    order: Mapping[str, RowOrder] = field(default_factory=dict)
    canaries: Mapping[str, Canaries] = field(default_factory=dict)
    rules: Mapping[str, object] = field(default_factory=dict)

    def totals(self) -> Mapping[str, int]:
        """Canaries ``planted``, ``survived`` and ``found``, and what is found in millionths; empty without canaries."""
        planted, survived, found = (
            sum(getattr(one, name) for one in self.canaries.values()) for name in ("planted", "survived", "found")
        )
        if not planted:
            return {}
        return {"planted": planted, "survived": survived, "found": found, "recall_ppm": found * 1_000_000 // planted}


def attested_questions(attested: Attested) -> list[Question]:
    """Questions about the evidence there is."""
    questions = [_order(place, one) for place, one in sorted(attested.order.items())]
    for place, one in sorted(attested.canaries.items()):
        questions.append(_question("ExpectCanariesToBeGone", place, "canary", one.survived, one.planted))
        if one.strong:
            missed = one.planted - one.found
            questions.append(_question("ExpectStrongCanariesToBeFound", place, "canary", missed, one.planted))
    return questions


def missing_evidence(attested: Attested, contract: Contract) -> list[Finding]:
    """A failing finding for evidence that the contract asks for and nobody gave: of every table, and of canaries."""
    missing = []
    if ROW_ORDER in contract.attested:
        missing += [
            (ROW_ORDER, t.name) for t in contract.tables if getattr(attested.order.get(t.name), "rows", 0) != t.rows
        ]
    if CANARIES in contract.attested and not any(one.planted for one in attested.canaries.values()):
        missing.append((CANARIES, "payload"))
    return [
        Finding("ExpectEvidenceToBeThere", where, kind, 0, 0, False, "nothing was attested") for kind, where in missing
    ]


def _order(place: str, one: RowOrder) -> Question:
    return Question(
        Wanted("ExpectRowOrderToTellNothing", {}),
        place,
        "order",
        [one.excess],
        one.excess,
        one.excess * one.rows,
        one.rows,
    )


def _question(name: str, place: str, kind: str, failing: int, checked: int) -> Question:
    values: Sequence[int] = [failing]
    return Question(Wanted(name, {}), place, kind, values, int(failing != 0), abs(failing), checked)
