"""The public announcement of one plan: items of information about individuals, and the method of provision, ja and en.

Items after making (art. 43(3)) and items and method before provision (art. 43(4)) may coincide where a set is made for
immediate provision (PPC Q&A 15-27). A plan's announcement has a permanent name and keeps its history.
"""

from __future__ import annotations

import hashlib
import html
import os
from collections.abc import Sequence
from pathlib import Path

from provision import channels
from provision.errors import RetryLater
from provision.model import Plan, Platform
from provision.packaging.codebook import PAGE_HEAD
from provision.releasing.tables import ReleaseTable


def announce(folder: Path, platform: Platform, plan: Plan, tables: Sequence[ReleaseTable], day: str) -> dict[str, str]:
    """Write the announcement and read it back; gives its name and digest. Writing the same again changes nothing.

    Raises `RetryLater` where what can be read is not what was written.
    """
    body = _page(platform, plan, tables)
    digest = hashlib.sha256(body.encode()).hexdigest()
    name = f"{plan.id}-{digest[:12]}.html"
    _write(folder / name, body)
    _write(folder / f"{plan.id}.html", body)
    _index(folder)
    if any((folder / page).read_text(encoding="utf-8") != body for page in (name, f"{plan.id}.html")):
        raise RetryLater(
            "the announcement cannot be read back", rule="notice.read_back", remedy="check the published zone"
        )
    return {
        "name": name,
        "sha256": digest,
        "on": day,
        "url": f"{platform.operator.announcement_url.rstrip('/')}/{name}",
    }


def _page(platform: Platform, plan: Plan, tables: Sequence[ReleaseTable]) -> str:
    title, operator = "匿名加工情報の作成及び第三者提供に関する公表", platform.operator
    items = "".join(
        f"<tr><td>{_both(t.ja, t.en)}</td><td>{html.escape(c.ja)}</td><td>{html.escape(c.en)}</td></tr>"
        for t in tables
        for c in t.columns
    )
    method = channels.get(plan.channel).title
    return "\n".join(
        [
            PAGE_HEAD.format(language="ja", title=title),
            f"<h1>{title}</h1><p>Announcement of making and providing anonymously processed information</p>",
            f"<p>{_both(operator.name.ja, operator.name.en)}</p>",
            f"<h2>{_both(plan.title.ja, plan.title.en)}</h2>",
            "<p>個人情報の保護に関する法律第43条第3項及び第4項に基づき公表します。同じ項目の匿名加工情報を継続的に作成し、提供します。<br>"
            "Published under Article 43, paragraphs (3) and (4) of the Act on the Protection of Personal Information; "
            "information with the same items is made and provided continuously.</p>",
            "<h3>提供の方法 / Method of provision</h3>",
            f"<p>{_both(method['ja'], method['en'])}</p>",
            "<h3>個人に関する情報の項目 / Items of information about individuals</h3>",
            "<table><thead><tr><th>表 / Table</th><th>項目</th><th>Item</th></tr></thead>",
            f"<tbody>{items}</tbody></table>",
            "<h3>お問い合わせ・苦情 / Enquiries and complaints</h3>",
            f"<p>{html.escape(operator.contact)}</p></body></html>",
        ]
    )


def _both(ja: str, en: str) -> str:
    return f"{html.escape(ja)} / {html.escape(en)}"


def _index(folder: Path) -> None:
    pages = sorted(p.name for p in folder.glob("*.html") if p.name != "index.html")
    links = "".join(f'<li><a href="{html.escape(name)}">{html.escape(name)}</a></li>' for name in pages)
    title = "匿名加工情報に関する公表"
    _write(
        folder / "index.html",
        f"{PAGE_HEAD.format(language='ja', title=title)}<h1>{title}</h1><ul>{links}</ul></body></html>",
    )


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
