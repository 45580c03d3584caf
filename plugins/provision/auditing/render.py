"""Templates to responses: everything escaped, one style sheet and our scripts inside the page, a strict policy.

Airflow shows the pages in a sandboxed frame without its own look, so they bring theirs. Style and scripts are inlined
under a nonce: nothing is served that does not stand behind the door, and nothing is loaded from elsewhere. A page is in
Japanese or English: as its address says (``?lang=en``, remembered in a cookie), else as the browser prefers.
"""

from __future__ import annotations

import json
import secrets
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from provision.auditing import proofwords, words
from provision.auditing.language import COOKIE, LANGUAGES, Language, language_of, speaker
from provision.auditing.words import Pair

FOLDER = Path(__file__).parent / "templates"


def page(request: Request, template: str, *, status: int = 200, frames: bool = False, **values: object) -> HTMLResponse:
    """Render `template`. Links in it are relative to `root`, so that Airflow may stand below any path; with `frames`
    the page may show other pages of ours inside it."""
    nonce, language = secrets.token_urlsafe(16), language_of(request)
    others = {one: _in_language(request, one) for one in LANGUAGES}
    html = _environment(language).get_template(template).render(
        nonce=nonce, root=root_of(request), languages=others, **values
    )  # fmt: skip
    response = HTMLResponse(html, status, headers={"Content-Security-Policy": policy(nonce, frames=frames)})
    if request.query_params.get("lang") in LANGUAGES:
        response.set_cookie(COOKIE, language, max_age=365 * 86400, httponly=True, samesite="lax")
    return response


def policy(nonce: str, *, frames: bool = False) -> str:
    """Only our own inline style and script, requests and forms to ourselves, framed by Airflow only."""
    framed = "'self'" if frames else "'none'"
    return (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        f"frame-src {framed}; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    )


def root_of(request: Request) -> str:
    """The relative way from this page to ``/provision/``: ``./`` or ``../`` as often as needed."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return "../" * (path.count("/") - 1) or "./"


def _in_language(request: Request, language: str) -> str:
    """The query of this page in another language."""
    return urlencode([(k, v) for k, v in request.query_params.multi_items() if k != "lang"] + [("lang", language)])


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def told(pair: Pair) -> str:
        return pair.ja if language == "ja" else pair.en or pair.ja

    environment.globals |= {"words": words, "language": language, "say": speaker(language), "told": told}
    environment.globals |= {"proof_texts": {name: told(pair) for name, pair in proofwords.TEXTS.items()}}
    environment.globals |= {"style": _inline("style.css"), "review_style": _inline("review.css")}
    environment.globals |= {
        f"{name}_script": _inline(f"{name}.js") for name in ("approval", "verify", "theme", "request")
    }
    environment.filters |= {"when": words.when, "for_script": for_script}
    return environment


def for_script(value: object) -> Markup:
    """A value as JSON inside a script element: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=True)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _inline(name: str) -> Markup:
    """Our own file for a style or script element; what could end the element is refused rather than escaped."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    if "</" in text:
        raise ValueError(f"{name} would end its own element")
    return Markup(text)
