"""カナリア: strong identifiers of fictitious patients are found by the gate where somebody forgot to remove them."""

from __future__ import annotations

from expectations.classes.base import Example, Own

EXPECTATION = Own(
    name="ExpectStrongCanariesToBeFound",
    ja="架空患者の氏名・電話番号などを検査が見つけること",
    en="Expect the gate to miss no strong identifier of the fictitious patients (names, telephones, addresses).",
    source="the canary twin of docs/architecture.md",
    test=lambda arguments: lambda missed: int(missed) == 0,
    examples=(Example({}, (0,), (1,)),),
)
