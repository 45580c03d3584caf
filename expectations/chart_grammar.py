"""カルテ番号の形の書き方: which patterns configuration may give for chart numbers. Bounded, ASCII, mostly digits.

A small part of regular expressions: letters, digits and hyphens as they are, ``[0-9]``, ``[A-Z]`` and ``[0-9A-Z]``,
each with ``{8}`` or ``{6,8}`` behind it. So every engine reads it alike, it ends, and it cannot match just any text.
"""

from __future__ import annotations

import re

_ITEM = re.compile(
    r"(?P<one>[0-9A-Za-z-]|\[(?:0-9|A-Z|0-9A-Z)\])(?:\{(?P<low>[0-9]{1,2})(?:,(?P<high>[0-9]{1,2}))?\})?"
)
_WHOLE = re.compile(rf"(?:{re.sub(r'[?]P<[a-z]+>', '?:', _ITEM.pattern)})+")
#: Characters a number has: fewer than four digits stand everywhere; a claim holds 20 (RE record, chart number).
LEAST_DIGITS, LONGEST = 4, 20


def problem_of(form: str) -> str:
    """Why `form` is no form of chart numbers, in words; "" where it is one."""
    if not _WHOLE.fullmatch(form):
        return "write letters, digits, hyphens, [0-9], [A-Z], [0-9A-Z], each with {8} or {6,8} behind it"
    digits = longest = 0
    for item in _ITEM.finditer(form):
        low = int(item["low"] or 1)
        high = int(item["high"] or low)
        if not 1 <= low <= high:
            return "a number of repetitions is 0 or runs backwards"
        digits += low if item["one"] == "[0-9]" or item["one"].isdigit() else 0
        longest += high
    if digits < LEAST_DIGITS:
        return f"a number of this form may have fewer than {LEAST_DIGITS} digits, and so match anything"
    return f"a number of this form may be longer than {LONGEST} characters" if longest > LONGEST else ""
