"""Options of a rule: names, types, defaults and limits as data, and the one function that checks what a profile asks.

An option nobody knows is refused like one that is out of its limits: a misspelt threshold must not become the default.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from anonymization.risk.unfit import Unfit

Single = str | int | float | bool
Value = Single | tuple[Single, ...]
_NAMES: Mapping[type, str] = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


@dataclass(frozen=True)
class Option:
    """One option. Without `default` it must be given unless it is `optional`; with `many` it is a list of `kind`.

    `least` and `most` bound numbers, `among` lists the texts there are, `form` is the pattern of the whole text.
    """

    name: str
    kind: type[str] | type[int] | type[float] | type[bool]
    means: str
    default: Value | None = None
    least: float | None = None
    most: float | None = None
    among: tuple[str, ...] = ()
    form: str = ""
    many: bool = False
    optional: bool = False

    def checked(self, rule: str, value: object) -> Value:
        """The value in its type; Unfit names rule and option, never the value."""
        if not self.many:
            return self._one(rule, value)
        if isinstance(value, str | bytes) or not isinstance(value, Sequence):
            raise Unfit(f"{rule}: option {self.name} is a list")
        return tuple(self._one(rule, single) for single in value)

    def _one(self, rule: str, value: object) -> Single:
        whole = self.kind is float and type(value) is int
        if not (whole or type(value) is self.kind) or not isinstance(value, Single):
            raise Unfit(f"{rule}: option {self.name} is {_NAMES[self.kind]}")
        made = float(value) if whole else value
        if isinstance(made, str):
            self._text(rule, made)
        elif not math.isfinite(made):
            raise Unfit(f"{rule}: option {self.name} is a finite number")
        elif not ((self.least is None or made >= self.least) and (self.most is None or made <= self.most)):
            raise Unfit(f"{rule}: option {self.name} lies in {self.limits}")
        return made

    def _text(self, rule: str, value: str) -> None:
        if self.among and value not in self.among:
            raise Unfit(f"{rule}: option {self.name} is one of {', '.join(self.among)}")
        if self.form and not re.fullmatch(self.form, value):
            raise Unfit(f"{rule}: option {self.name} has the form {self.form}")

    @property
    def limits(self) -> str:
        """The limits of a number, for people."""
        low = "" if self.least is None else f"{self.least:g}"
        high = "" if self.most is None else f"{self.most:g}"
        return f"{low}..{high}"


def checked(rule: str, schema: Sequence[Option], asked: Mapping[str, object]) -> dict[str, Value]:
    """Options with their values, asked for or by default, optional ones only where asked for. Unfit where wrong."""
    if unknown := sorted(set(asked) - {option.name for option in schema}):
        known = ", ".join(option.name for option in schema) or "none"
        raise Unfit(f"{rule}: no option is called {', '.join(unknown)}; there are: {known}")
    made: dict[str, Value] = {}
    for option in schema:
        if option.name in asked:
            made[option.name] = option.checked(rule, asked[option.name])
        elif option.default is not None:
            made[option.name] = option.default
        elif not option.optional:
            raise Unfit(f"{rule}: option {option.name} is missing: {option.means}")
    return made
