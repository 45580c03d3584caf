"""Templates to responses: everything escaped, one style sheet and one script inside the page, a strict policy.

Airflow shows the pages in a sandboxed frame without its own look, so they bring theirs. Style and script are inlined
under a nonce: nothing is served that does not stand behind the door, and nothing is loaded from elsewhere.
"""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from provision.auditing import words

FOLDER = Path(__file__).parent / "templates"


def page(request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """Render `template`. Links in it are relative to `root`, so that Airflow may stand below any path."""
    nonce = secrets.token_urlsafe(16)
    html = _environment().get_template(template).render(nonce=nonce, root=root_of(request), **values)
    return HTMLResponse(html, status, headers={"Content-Security-Policy": policy(nonce)})


def policy(nonce: str) -> str:
    """Only our own inline style and script, requests and forms to ourselves, framed by Airflow only."""
    return (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    )


def root_of(request: Request) -> str:
    """The relative way from this page to ``/provision/``: ``./`` or ``../`` as often as needed."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return "../" * (path.count("/") - 1) or "./"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "words": words,
        "style": _inline("style.css"),
        "approval_script": _inline("approval.js"),
        "review_style": _inline("review.css"),
    }
    environment.filters |= {"when": words.when}
    return environment


def _inline(name: str) -> Markup:
    """Our own file for a style or script element; what could end the element is refused rather than escaped."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    if "</" in text:
        raise ValueError(f"{name} would end its own element")
    return Markup(text)
