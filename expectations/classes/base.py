"""What an expectation of our own is: a name that readers understand, what it expects in words, and its test.

One file of this package per expectation, with a module-level ``EXPECTATION``; the contract test walks their examples
through Great Expectations and searches its raw answers for the values it was shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Arguments = Mapping[str, Any]
#: Figures that are sums of many quotients are compared this far.
EXACT = 1e-9
#: Gives the test of one value under these arguments: True where the value is as expected.
Test = Callable[[Arguments], Callable[[Any], bool]]


@dataclass(frozen=True)
class Example:
    """Arguments with values that must pass and values that must fail."""

    arguments: Arguments
    passing: tuple[Any, ...]
    failing: tuple[Any, ...]


@dataclass(frozen=True)
class Own:
    """One expectation over the values of a column. `arguments` have defaults that let nothing pass by mistake.

    `en` becomes the docstring of the Great Expectations class, `ja` is what pages say, `source` names the rule.
    """

    name: str
    ja: str
    en: str
    source: str
    test: Test
    arguments: Arguments = field(default_factory=dict)
    examples: tuple[Example, ...] = ()

    @property
    def metric(self) -> str:
        """Name of the metric behind it, unique as the name is."""
        return "column_values." + "".join(f"_{c.lower()}" if c.isupper() else c for c in self.name).lstrip("_")
