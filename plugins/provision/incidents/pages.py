"""報告書と本人への通知: the record as pages in one language; what is not in the log has a place to be written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from markupsafe import Markup

from provision import channels
from provision.packaging.pages import render
from provision.paper import FONTS

Say = Callable[[str, str], str]

#: 施行規則8条1項1号から9号の報告事項, in their order, and whether the log answers it.
_ITEMS = (
    ("概要", "Outline", "what"),
    ("漏えい等が発生し、又は発生したおそれがある個人データ等の項目", "Items of the data concerned", "items"),
    ("本人の数", "Number of persons", "people"),
    ("原因", "Cause", ""),
    ("二次被害又はそのおそれの有無及びその内容", "Secondary harm, or fear of it", ""),
    ("本人への対応の実施状況", "What was done towards the persons", ""),
    ("公表の実施状況", "Publication", ""),
    ("再発防止のための措置", "Measures against it happening again", "measures"),
    ("その他参考となる事項", "Other matters", "deliveries"),
)


def pages(record: Mapping[str, Any], language: str) -> dict[str, str]:
    """Name of a file without its ending -> page: the report to the authority, the notice to persons."""

    def say(ja: str, en: str) -> str:
        return ja if language == "ja" else en

    common = {
        "one": record, "language": language, "say": say, "fonts": Markup(FONTS), "items": list(_items(record, say)),
    }  # fmt: skip
    channel = {kind: found.title[language] for kind, found in channels.channels().items()}
    return {
        f"report.{language}": render("incident.html", asked=_ITEMS, channel=channel, **common),
        f"notice.{language}": render("incident_notice.html", **common),
    }


def _items(record: Mapping[str, Any], say: Say) -> Iterator[tuple[str, list[str]]]:
    """Tables and what they hold, each once over all releases."""
    found: dict[str, dict[str, None]] = {}
    for release in record["releases"]:
        for item in release["items"]:
            found.setdefault(item["table"], {})[say(item["ja"], item["en"])] = None
    yield from ((table, list(columns)) for table, columns in found.items())
