"""What pages are asked for, out of the address: days, numbers, words. What is not of its form is refused plainly."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from provision.errors import Refused

#: Rule slug of what is answered with 422.
FORM = "pages.form"
#: Longest text somebody may look for.
LONGEST = 200


def day(text: str) -> str:
    """A day as YYYY-MM-DD, or ""."""
    try:
        return date.fromisoformat(text.strip()).isoformat() if text.strip() else ""
    except ValueError:
        raise _refused("a day is not of the form YYYY-MM-DD") from None


def days(since: str, until: str) -> tuple[str, str]:
    """Two days in order; either may be ""."""
    first, last = day(since), day(until)
    if first and last and last < first:
        raise _refused("the period ends before it begins")
    return first, last


def category(text: str) -> int | None:
    """The number of a content category, or None."""
    if not text.strip():
        return None
    if not text.strip().isdecimal() or len(text) > 4:
        raise _refused("a content category is a number")
    return int(text)


def words(text: str) -> str:
    """A text to look for, without what surrounds it."""
    return text.strip()[:LONGEST]


def address(filters: dict[str, str | int | None], **more: str | int | None) -> str:
    """The query of a link that keeps the filters in use."""
    return urlencode({name: value for name, value in (filters | more).items() if value not in ("", None)})


def _refused(what: str) -> Refused:
    return Refused(what, rule=FORM, remedy="go back and correct it")
