"""Metrics of groups: discernibility and average class size. See `metrics` for what they share."""

from __future__ import annotations

from anonymization.risk.groups import Floats
from anonymization.risk.search.classes import Classes
from anonymization.risk.search.problem import Problem
from anonymization.risk.unfit import Unfit


class _OfGroups:
    """Shared by metrics of groups."""

    def columns(self, problem: Problem) -> tuple[Floats, ...] | None:
        return None

    def combine(self, costs: Floats) -> Floats:
        raise Unfit("a metric of groups has no costs of columns")


class Discernibility(_OfGroups):
    """Sum of squared group sizes; each person left out costs as many as there are people (Bayardo & Agrawal 2005)."""

    name = "discernibility"

    def bound(self, classes: Classes) -> float:
        """Sum of squared sizes of all groups."""
        return float(classes.size @ classes.size)

    def loss(self, classes: Classes) -> float:
        """Squares of released groups, and the people of the table for each that is left out."""
        kept = classes.size[classes.met]
        return float(kept @ kept) + float(classes.suppressed) * float(classes.problem.people)


class DiscernibilityOfAll(Discernibility):
    """The same, leaving people out costs no more than keeping them (ARX, "monotonic", DM*)."""

    name = "discernibility-monotonic"

    def loss(self, classes: Classes) -> float:
        """Sum of squared sizes of all groups."""
        return self.bound(classes)


class AverageClassSize(_OfGroups):
    """People per group (LeFevre 2006, not divided by k); those left out are one group more."""

    name = "average-class-size"

    def bound(self, classes: Classes) -> float:
        """People per group with nobody left out."""
        return classes.problem.people / int((classes.size > 0).sum())

    def loss(self, classes: Classes) -> float:
        """People per group."""
        kept = int((classes.met & (classes.size > 0)).sum())
        return classes.problem.people / (kept + (1 if classes.suppressed else 0))
