"""カナリア: identifiers of fictitious patients that went through the same rules; none may come out at the other end."""

from __future__ import annotations

from expectations.classes.base import Example, Own

EXPECTATION = Own(
    name="ExpectCanariesToBeGone",
    ja="架空患者の識別子が加工後に一つも残らないこと",
    en="Expect no identifier of the fictitious patients to be left after receipt, rules and release tables.",
    source="the canary twin of docs/architecture.md",
    test=lambda arguments: lambda survived: int(survived) == 0,
    examples=(Example({}, (0,), (1, 3)),),
)
