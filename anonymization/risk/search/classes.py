"""The groups of one node of the lattice, and what they say: who must be left out, and whether it can be released."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from anonymization.risk.groups import Bools, Cells, Groups, Ints
from anonymization.risk.search.keys import grouped, keyed
from anonymization.risk.search.problem import Node, Problem, Table


@dataclass(frozen=True)
class Classes:
    """The groups of a node: `order` and `starts` over the rows of `source`; `codes`: these at the node's levels."""

    problem: Problem
    node: Node
    source: Table
    codes: tuple[Ints, ...]
    order: Ints
    starts: Ints

    @cached_property
    def size(self) -> Ints:
        """People of each group."""
        return np.add.reduceat(self.source.count[self.order], self.starts)

    @cached_property
    def groups(self) -> Groups:
        """What the requirements look at."""
        world = None
        if self.problem.has_population:
            world = np.add.reduceat(self.source.world[self.order], self.starts)
        return Groups(self.size, world, {name: self._cells(n) for n, name in enumerate(self.problem.sensitive)})

    def _cells(self, number: int) -> Cells:
        values = self.problem.values[number]
        group = np.empty(self.source.rows, dtype=np.int64)
        group[self.order] = np.repeat(np.arange(self.starts.size), np.diff(self.starts, append=self.source.rows))
        inside = self.source.count > 0
        key = (group * values + self.source.sensitive[number])[inside]
        order, starts = grouped(key, self.starts.size * values)
        pair = key[order[starts]] if starts.size else key
        count = np.add.reduceat(self.source.count[inside][order], starts)
        return Cells(pair // values, pair % values, count, self.problem.overall[number])

    @cached_property
    def met(self) -> Bools:
        """Whether each group meets every requirement."""
        answers = [requirement.met(self.groups) for requirement in self.problem.requirements]
        return np.asarray(np.logical_and.reduce(answers), dtype=np.bool_)

    @cached_property
    def suppressed(self) -> int:
        """People who would be left out."""
        return int(self.size[~self.met].sum())

    @cached_property
    def hopeless(self) -> int:
        """People in groups that miss a floor: at most those suppressed, and never more in a coarser node."""
        answers = [floor.met(self.groups) for floor in self.problem.floors]
        if not answers:
            return 0
        return int(self.size[~np.logical_and.reduce(answers)].sum())

    @cached_property
    def ruled_out(self) -> bool:
        """Whether neither this node nor any finer one can be released."""
        return self.hopeless > self.problem.spare or (self.problem.steady and not self.possible)

    @cached_property
    def possible(self) -> bool:
        """Whether no more people are left out than may be, and no group of the population alone breaks a rule."""
        if self.hopeless > self.problem.spare:
            return False
        return self.suppressed <= self.problem.spare and not bool((~self.met & (self.size == 0)).any())

    def suppressed_labels(self, column: int) -> Ints:
        """People left out by the label they have in a column at this node's level."""
        gone = ~self.met & (self.size > 0)
        first = self.order[self.starts[gone]]
        labels = len(self.problem.hierarchies[column].labels[self.node[column]])
        counted = np.bincount(self.codes[column][first], weights=self.size[gone], minlength=labels)
        return counted.astype(np.int64)

    def table(self) -> Table:
        """These classes as a table that others can be rolled up from."""
        if not self.problem.sensitive:
            first = self.order[self.starts]
            world = np.add.reduceat(self.source.world[self.order], self.starts)
            return Table(self.node, tuple(c[first] for c in self.codes), (), self.size, world)
        sizes = [len(h.labels[level]) for h, level in zip(self.problem.hierarchies, self.node, strict=True)]
        columns = (*self.codes, *self.source.sensitive)
        sizes += self.problem.values
        order, starts = grouped(*keyed(zip(columns, sizes, strict=True), self.source.rows))
        first = order[starts]
        return Table(
            self.node,
            tuple(c[first] for c in self.codes),
            tuple(c[first] for c in self.source.sensitive),
            np.add.reduceat(self.source.count[order], starts),
            np.add.reduceat(self.source.world[order], starts),
        )
