"""画面: templates to responses, in one language at a time; everything escaped, nothing loaded from anywhere.

Style and script are inlined under a nonce, pictures are drawn in the page (SVG): a page is one response. The policy
allows nothing else, forms go to ourselves only, and no site may frame us.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from provision.accesslog.visit import TOKYO
from provision.context import Context
from provision.portal import entrance
from provision.portal.desk import Desk
from provision.portal.entrance import Language, Visit

FOLDER = Path(__file__).parent / "templates"


def page(visit: Visit, request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """A page for somebody signed in."""
    more = {"member": visit.member, "recipient": visit.recipient, **values}
    return _rendered(request, visit.desk, visit.ctx, template, status, more)


def open_page(
    request: Request, desk: Desk, ctx: Context, template: str, *, status: int = 200, **values: object
) -> HTMLResponse:
    """A page for anybody."""
    return _rendered(request, desk, ctx, template, status, {"member": None, "recipient": None, **values})


def closed_page(status: int) -> HTMLResponse:
    """What anybody is shown where not even the operator's name can be read: in both languages, and nothing else."""
    nonce = secrets.token_urlsafe(16)
    html = _environment("ja").get_template("closed.html").render(nonce=nonce)
    return HTMLResponse(html, status, headers={"Content-Security-Policy": policy(nonce)})


def _rendered(
    request: Request, desk: Desk, ctx: Context, template: str, status: int, values: dict[str, Any]
) -> HTMLResponse:
    language, nonce = entrance.language_of(request, ctx), secrets.token_urlsafe(16)
    fresh = entrance.new_form_cookie(request, ctx)
    session = request.cookies.get(entrance.cookie_name(ctx, "tokumei"), "")
    form = desk.secrecy.mac("form", fresh, session) if fresh else entrance.form_token(request, ctx, desk)
    html = _environment(language).get_template(template).render(
        nonce=nonce, form=form, path=request.url.path, operator=ctx.platform.operator, now=desk.clock(), **values
    )  # fmt: skip
    answer = HTMLResponse(
        html, status, headers={"Content-Security-Policy": policy(nonce), "Content-Language": language}
    )
    if fresh:
        entrance.set_form(answer, ctx, fresh)
    if request.query_params.get("lang") in ("ja", "en"):
        entrance.set_language(answer, ctx, language)
    return answer


def policy(nonce: str) -> str:
    """Only our own inline style and script, forms to ourselves, pictures drawn in the page."""
    return (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def when(moment: datetime | float, clock: bool = True) -> str:
    """A moment as people in Japan read it: ``2026-03-01 14:05``, Japan time."""
    at = moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment, UTC)
    return at.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M" if clock else "%Y-%m-%d")


def size(count: int) -> str:
    """Bytes for people: ``1.4 MB``."""
    amount, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":
            break
        amount /= 1000
    return f"{count:,} B" if unit == "B" else f"{amount:.1f} {unit}"


@cache
def _environment(language: Language) -> Environment:
    """One environment a language: `say` picks between the two wordings that stand side by side in the templates."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "language": language,
        "say": lambda ja, en: ja if language == "ja" else en,
        "named": lambda words: words.ja if language == "ja" else words.en,
        "style": _inline("style.css"),
        "script": _inline("portal.js"),
    }
    environment.filters |= {"when": when, "day": lambda moment: when(moment, False), "size": size}
    return environment


def _inline(name: str) -> Markup:
    """Our own file for a style or script element; what could end the element is refused rather than escaped."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    if "</" in text:
        raise ValueError(f"{name} would end its own element")
    return Markup(text)
