"""言語: Japanese or English, as the reader asked, else as the browser says it; Japanese where nobody says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from fastapi import Request

Language = Literal["ja", "en"]
Say = Callable[[str, str], str]

LANGUAGES: tuple[Language, ...] = get_args(Language)
#: Remembers the language somebody chose. It says nothing else, and grants nothing.
COOKIE = "tokumei_language"


def language_of(request: Request) -> Language:
    """`?lang=`, else what was chosen before, else the first of the browser's languages (Accept-Language, RFC 9110
    section 12.5.4) that is ours."""
    accepted = request.headers.get("accept-language", "").lower().split(",")
    asked = request.query_params.get("lang", ""), request.cookies.get(COOKIE, "")
    told = [*asked, *(one.strip()[:2] for one in accepted)]
    return next((language for one in told for language in LANGUAGES if one == language), "ja")


def speaker(language: Language) -> Say:
    """Picks the text of a language out of two."""
    return (lambda ja, en: ja) if language == "ja" else (lambda ja, en: en)
