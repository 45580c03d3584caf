"""Which digit strings are Japanese telephone numbers: prefixes of the national numbering plan, leading 0 included.

Source of the ranges: MIC's table of area codes (市外局番の一覧); digits behind 0 that begin an area code.
"""

from __future__ import annotations

import re

_AREA = re.compile(
    r"0(?:"
    r"1(?:1[2-8]|2[3-6]|3[3-9]|4[2-6]|[58][2-8]|6[2-7]|7[2-9]|9[1-9])"
    r"|[26](?:[1-9])[0-9]|3[1-9][0-9]"
    r"|4(?:[2-578][0-9]|6[02-8]|9[2-59])"
    r"|5(?:[2-589][0-9]|6[1-9]|7[2-8])"
    r"|7(?:[25-9][0-9]|3[4-9]|4[02-9])"
    r"|8(?:[2679][0-9]|3[2-9]|4[5-9]|5[1-9]|8[03-9])"
    r"|9(?:[2-58][0-9]|[679][1-9])"
    r")[0-9]{6}"
)
_MOBILE = re.compile(r"0(?:[6789]0[1-9]|50[1-9])[0-9]{7}")
_SERVICE = re.compile(r"0(?:120|570|990)[0-9]{6}|0800[0-9]{7}")


def real_number(digits: str) -> bool:
    """True for a complete national number (10 digits, 11 for mobile, IP and 0800) with an assigned prefix."""
    return any(form.fullmatch(digits) for form in (_MOBILE, _AREA, _SERVICE))
