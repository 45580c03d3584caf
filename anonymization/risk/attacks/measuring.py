"""All attacks on one table as one record, for reports, approvers and programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anonymization.risk.attacks.inferring import Inference, inference
from anonymization.risk.attacks.linking import Linkage, expected
from anonymization.risk.attacks.numbered import numbered
from anonymization.risk.attacks.singling import SinglingOut, singling_out
from anonymization.risk.trails.events import EventColumn, pairs

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Attacks:
    """The three criteria of WP216 (Article 29 Working Party, Opinion 05/2014)."""

    singling_out: SinglingOut
    linkage: Linkage
    inference: Mapping[str, Inference]

    def figures(self) -> dict[str, object]:
        """Numbers and names of columns only."""
        return {
            "singling_out": self.singling_out.figures(),
            "linkage": self.linkage.figures(),
            "inference": {name: found.figures() for name, found in self.inference.items()},
        }


def attacks(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    person: str,
    quasi: Sequence[str],
    sensitive: Sequence[str] = (),
    *,
    events: Sequence[EventColumn] = (),
    unit: str | None = None,
    seed: int = 0,
) -> Attacks:
    """Attack a table or view of text columns; leaves nothing behind. Unfit as `numbered`.

    `events`: columns that make an event, so that whole trails can be linked, too, if `unit` links a person's events.
    """
    linked = bool(events) and unit in (None, person)
    trail = pairs(table, person, person, events, seed) if linked else None
    with numbered(connection, table, person, quasi, sensitive, seed) as people:
        return Attacks(
            singling_out(connection, len(quasi) + len(sensitive), seed),
            expected(connection, people, trail=trail),
            {name: inference(connection, len(quasi) + place) for place, name in enumerate(sensitive)},
        )
