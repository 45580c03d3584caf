"""Which digit strings can be Japanese telephone numbers.

By structure only, wider than the numbers assigned: ten digits 0AB…J with neither A nor B zero (landlines, 0120, 0570),
or eleven digits behind 0A0 (mobile 060-090, IP 050, 0800). No table of assigned area codes: one that misses a code
would let its telephone numbers leave, and one that has none only stops a little more.
"""

from __future__ import annotations

import re

_NUMBER = re.compile(r"0[1-9][1-9][0-9]{7}|0[5-9]0[0-9]{8}")


def real_number(digits: str) -> bool:
    """True for a national number, leading 0 included, that is complete and has the structure of one."""
    return _NUMBER.fullmatch(digits) is not None
