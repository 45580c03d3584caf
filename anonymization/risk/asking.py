"""Requirements as they are written down: a k, ``entropy:3:diagnosis``, ``ordered:0.2:diagnosis``."""

from __future__ import annotations

from collections.abc import Iterable

from anonymization.risk.requirements import KAnonymity, Requirement
from anonymization.risk.sensitive import DistinctL, EntropyL, RecursiveCL, TCloseness
from anonymization.risk.unfit import Unfit


def asked(
    k: int | None, diversity: Iterable[str] = (), closeness: Iterable[str] = ()
) -> tuple[tuple[Requirement, ...], tuple[str, ...]]:
    """Requirements and the sensitive columns they name, each once. Unfit where nothing is asked or it has no form."""
    of_values = [*map(_diversity, diversity), *map(_closeness, closeness)]
    made: tuple[Requirement, ...] = (*(() if k is None else (KAnonymity(k),)), *of_values)
    if not made:
        raise Unfit("nothing is required: give a k, an l or a t")
    return made, tuple(dict.fromkeys(requirement.column for requirement in of_values))


def _diversity(text: str) -> DistinctL | EntropyL | RecursiveCL:
    kind, _, rest = text.partition(":")
    try:
        if kind == "recursive":
            c, values, column = rest.split(":", 2)
            return RecursiveCL(_named(column), float(c), int(values))
        number, column = rest.split(":", 1)
        if kind == "distinct":
            return DistinctL(_named(column), int(number))
        if kind == "entropy":
            return EntropyL(_named(column), float(number))
    except Unfit:
        raise
    except ValueError:
        pass
    raise Unfit("diversity is asked for as distinct:L:COLUMN, entropy:L:COLUMN or recursive:C:L:COLUMN")


def _closeness(text: str) -> TCloseness:
    try:
        distance, number, column = text.split(":", 2)
        return TCloseness(_named(column), float(number), distance)
    except Unfit:
        raise
    except ValueError:
        raise Unfit("closeness is asked for as equal:T:COLUMN or ordered:T:COLUMN") from None


def _named(column: str) -> str:
    if not column:
        raise Unfit("a requirement names no column")
    return column
