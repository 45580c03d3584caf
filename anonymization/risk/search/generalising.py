"""The search as a whole: exact up to a million nodes, within an effort beyond; with reasons and the runner-up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from anonymization.risk.search.anytime import Anytime
from anonymization.risk.search.candidates import Candidate
from anonymization.risk.search.exact import Exact
from anonymization.risk.search.explaining import Reason, in_words, reasons
from anonymization.risk.search.metrics import Metric
from anonymization.risk.search.problem import Problem
from anonymization.risk.search.rollup import RollUp

#: Nodes up to which the optimum is proved.
EXACT_NODES = 1_000_000
#: Nodes looked at beyond that.
EFFORT = 20_000


@dataclass(frozen=True)
class Generalised:
    """What was found. `exact`: proved to be the optimum. `looked`: nodes whose groups were counted, of `nodes`."""

    problem: Problem
    metric: str
    best: Candidate
    runner_up: Candidate | None
    exact: bool
    looked: int
    nodes: int
    reasons: tuple[Reason, ...]
    words: tuple[str, ...]

    def figures(self) -> dict[str, object]:
        """For reports and programs: names of columns, numbers, and the reasons in words."""
        return {
            "transformation": list(self.best.node),
            "columns": [hierarchy.column for hierarchy in self.problem.hierarchies],
            "metric": self.metric,
            "loss": self.best.loss,
            "suppressed": self.best.suppressed,
            "people": self.problem.people,
            "k": self.best.smallest,
            "exact": self.exact,
            "nodes": self.nodes,
            "nodes_counted": self.looked,
            "runner_up": None if self.runner_up is None else self.runner_up.figures(),
            "reasons": list(self.words),
        }

    def told(self) -> Iterator[str]:
        """Line by line, for people."""
        columns = self.problem.hierarchies
        levels = ", ".join(f"{h.column} {level}" for h, level in zip(columns, self.best.node, strict=True))
        proved = "the optimum" if self.exact else "the best found, not proved to be the optimum,"
        yield f"{levels}: {proved} of {self.nodes:,} generalisations"
        out = f"{self.best.suppressed:,} of {self.problem.people:,} people left out"
        yield f"{self.metric} {self.best.loss:.10g}, {out}, k {self.best.smallest}"
        yield "required: " + "; ".join(requirement.words() for requirement in self.problem.requirements)
        yield from self.words


def generalise(
    problem: Problem, metric: Metric, *, effort: int = EFFORT, exact_nodes: int = EXACT_NODES
) -> Generalised | None:
    """The node with the least loss; None where none can be released (proved where the search is exact)."""
    rollup = RollUp(problem)
    if problem.nodes <= exact_nodes:
        standing, proved = Exact(problem, metric, rollup).run(), True
    else:
        search = Anytime(problem, metric, effort, rollup)
        standing, proved = search.run(), search.complete
    if not standing.best:
        return None
    best, runner_up = standing.best[0], standing.best[1] if len(standing.best) > 1 else None
    looked = rollup.made
    why = reasons(rollup, metric, best)
    words = tuple(in_words(problem, metric, best, runner_up, why))
    return Generalised(problem, metric.name, best, runner_up, proved, looked, problem.nodes, why, words)


def least_left_out(problem: Problem) -> int:
    """People who would be left out with everything at its coarsest: what to say where nothing can be released."""
    return RollUp(problem).classes(problem.heights).suppressed
