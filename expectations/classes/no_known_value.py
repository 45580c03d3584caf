"""既知の値: the gate looked values up among the keyed fingerprints of what was received; none may be there.

Great Expectations is handed the outcome (0 or 1 for every distinct value), never the index or its key.
"""

from __future__ import annotations

from expectations.classes.base import Example, Own

EXPECTATION = Own(
    name="ExpectColumnValuesToContainNoKnownValue",
    ja="受領した氏名・住所・電話番号などが残っていないこと",
    en="Expect no value to be, or to contain, a direct identifier that was received.",
    source="APPI Enforcement Rules art. 34 item 1; the third line of docs/architecture.md",
    test=lambda arguments: lambda found: int(found) == 0,
    examples=(Example({}, (0,), (1, 2)),),
)
