"""値域: domain words of columns as the rules know domains, and what rules leave as domain words again.

One more word than in field tables: ``labels:a|b|c``, a closed list of texts that a rule or a hierarchy made.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from anonymization.rules.support.domains import Domain, Form, Labels, Numbers, Unchanged
from provision import codes
from provision.errors import Refused
from provision.formats.base import Column
from provision.formats.tables import bounds
from provision.intake.domains import FORMS

_BETWEEN = "|"


def labels_of(domain: str) -> tuple[str, ...]:
    """The labels of a ``labels:`` word."""
    return tuple(domain.removeprefix("labels:").split(_BETWEEN))


def domain_of(column: Column) -> Domain:
    """The domain a column has before a rule; `Unchanged` where it is one that rules need not know."""
    word, _, rest = column.domain.partition(":")
    if word == "code":
        return Labels(frozenset(codes.load(rest).names))
    if word == "labels":
        return Labels(frozenset(labels_of(column.domain)))
    if word == "form":
        return Form(rest)
    if word in FORMS:
        return Form(FORMS[word])
    if word == "range":
        low, high, step = bounds(column.domain)
        return Numbers(float(low), float(high), float(step))
    return Unchanged()


def word_of(column: Column, left: Domain) -> Column:
    """The column with the domain a rule left it. `Refused` where it is none that the gate can hold a cell against."""
    if isinstance(left, Unchanged) or left == domain_of(column):
        return column
    if isinstance(left, Labels) and not any(_BETWEEN in label for label in left.labels) and left.labels:
        return replace(column, domain="labels:" + _BETWEEN.join(sorted(left.labels)), dtype="string")
    if isinstance(left, Form):
        return replace(column, domain=f"form:{left.pattern}", dtype="string")
    if isinstance(left, Numbers):
        return replace(column, domain=_range(column, left))
    raise Refused(
        f"column {column.name} has no closed domain after its rules", rule="contract.domain",
        remedy="leave it out of the plan, or use another rule",
    )  # fmt: skip


def _range(column: Column, left: Numbers) -> str:
    """Bounds in the steps of the column before: ends that a rule capped at need not be a multiple of its own step."""
    step = bounds(column.domain)[2] if column.domain.startswith("range:") else Decimal(1)
    ends = (left.least, left.most)
    low, high = (Decimal(repr(end)).quantize(step) if step < 1 else Decimal(round(end)) for end in ends)
    return f"range:{low:f}..{high:f}" + (f"/{step:f}" if step != 1 else "")
