"""Why each column got its level, in words: what one level finer or coarser would have meant, all else equal.

Names columns and levels, and counts people; never a value or a label of the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from anonymization.risk.search.candidates import Candidate, candidate
from anonymization.risk.search.metrics import Metric
from anonymization.risk.search.problem import Node, Problem
from anonymization.risk.search.rollup import RollUp


@dataclass(frozen=True)
class Neighbour:
    """A node one level away: people left out, and the cost where it could be released."""

    node: Node
    suppressed: int
    loss: float | None


@dataclass(frozen=True)
class Reason:
    """One column at the chosen node. `labels` it has there, of `values` of its domain."""

    column: str
    level: int
    height: int
    labels: int
    values: int
    finer: Neighbour | None
    coarser: Neighbour | None


def reasons(rollup: RollUp, metric: Metric, best: Candidate) -> tuple[Reason, ...]:
    """For each column the neighbours of the chosen node."""
    return tuple(_reason(rollup, metric, best.node, column) for column in range(len(best.node)))


def _reason(rollup: RollUp, metric: Metric, node: Node, column: int) -> Reason:
    hierarchy, level = rollup.problem.hierarchies[column], node[column]
    around = [_neighbour(rollup, metric, node, column, level + step) for step in (-1, 1)]
    return Reason(hierarchy.column, level, hierarchy.height, len(hierarchy.labels[level]), len(hierarchy.rows), *around)


def _neighbour(rollup: RollUp, metric: Metric, node: Node, column: int, level: int) -> Neighbour | None:
    if not 0 <= level <= rollup.problem.heights[column]:
        return None
    classes = rollup.classes((*node[:column], level, *node[column + 1 :]))
    found = candidate(classes, metric)
    return Neighbour(classes.node, classes.suppressed, found.loss if found else None)


def in_words(
    problem: Problem, metric: Metric, best: Candidate, runner_up: Candidate | None, why: tuple[Reason, ...]
) -> Iterator[str]:
    """One sentence or two per column, then what the runner-up would have cost."""
    for reason in why:
        yield " ".join(_about(problem, best, reason))
    if runner_up is None:
        yield "No other node could be released."
        return
    levels = ", ".join(
        f"{h.column} {level} instead of {own}"
        for h, level, own in zip(problem.hierarchies, runner_up.node, best.node, strict=True)
        if level != own
    )
    yield (
        f"The runner-up ({levels}) would have cost {_more(best, runner_up.loss)} of {metric.name} "
        f"and left out {runner_up.suppressed:,} people instead of {best.suppressed:,}."
    )


def _about(problem: Problem, best: Candidate, reason: Reason) -> Iterator[str]:
    if not reason.height:
        yield f"{reason.column}: stays as it is, its hierarchy has one level."
        return
    yield (
        f"{reason.column}: level {reason.level} of {reason.height}, "
        f"{reason.labels:,} labels for {reason.values:,} values."
    )
    if reason.finer is None:
        yield "It says all it can."
    elif reason.finer.loss is None:
        yield f"One level finer {_impossible(problem, reason.finer)}."
    else:
        more = _more(best, reason.finer.loss)
        yield f"One level finer could be released, but costs {more} {_left_out(reason.finer)}"
    if reason.coarser is not None and reason.coarser.loss is not None:
        yield f"One level coarser costs {_more(best, reason.coarser.loss)} {_left_out(reason.coarser)}"


def _left_out(other: Neighbour) -> str:
    return f"and leaves out {other.suppressed:,} people."


def _impossible(problem: Problem, other: Neighbour) -> str:
    if other.suppressed > problem.spare:
        share = other.suppressed / problem.people
        return f"{other.suppressed:,} people ({share:.1%}) would have to be left out, {problem.spare:,} may be"
    return "groups of the population nobody of the table is in would break a requirement"


def _more(best: Candidate, loss: float) -> str:
    change = loss - best.loss
    share = f" ({change / best.loss:+.1%})" if best.loss else ""
    return f"{abs(change):.6g} {'more' if change >= 0 else 'less'}{share}"
