"""What lies beside the image: files for the disc, disc label, cover sheet to sign, and the hand-over record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from provision.channels._consignment import NOTICE_NAME, notice_text, words
from provision.channels._image import volume_label
from provision.channels.base import Consignment
from provision.model import DiscSettings

#: Bytes a medium surely holds: the smallest figure where makers differ (CD-R 700 MiB, DVD+R as measured on sale).
CAPACITY: Mapping[str, int] = {
    "cd-r": 700 * 1024**2,
    "dvd-r": 4_707_319_808,
    "dvd+r": 4_700_372_992,
    "dvd+r-dl": 8_547_991_552,
}

SUMS_NAME = "SHA256SUMS.txt"

#: What people write by hand, in the order of the work.
BLANKS: Mapping[str, Mapping[str, str]] = {
    "serial": {"ja": "媒体番号", "en": "Serial number of the disc"},
    "written_on": {"ja": "書込日", "en": "Written on"},
    "written_by": {"ja": "書込者", "en": "Written by"},
    "checked_by": {"ja": "確認者", "en": "Checked by"},
    "handed_over_on": {"ja": "引渡日", "en": "Handed over on"},
    "tracking_number": {"ja": "追跡番号", "en": "Tracking number"},
    "received_by": {"ja": "受領者署名", "en": "Received by (signature)"},
}

_STYLE = """
body{font-family:"Noto Sans CJK JP","Hiragino Sans","Yu Gothic",sans-serif;color:#111;margin:0}
table{border-collapse:collapse;width:100%}td,th{border:1px solid #777;padding:2mm;text-align:left;vertical-align:top}
th{width:38%;font-weight:normal;background:#f2f2f2}.mono{font-family:monospace;word-break:break-all}
h1{font-size:14pt}h2{font-size:11pt;margin:5mm 0 1mm}p{margin:1mm 0}
"""
_COVER = "@page{size:A4;margin:15mm}body{font-size:10pt}.address{font-size:12pt;margin:0 0 8mm}.blank{height:9mm}"
_LABEL = """
@page{size:120mm 120mm;margin:0}.disc{width:116mm;height:116mm;margin:2mm;border:1px solid #777;border-radius:50%;
position:relative;text-align:center;font-size:7pt}.top,.bottom{position:absolute;left:21mm;right:21mm}
.top{top:10mm}.bottom{top:74mm}.hole{position:absolute;left:40mm;top:40mm;width:36mm;height:36mm;border:1px solid #777;
border-radius:50%}h1{font-size:9pt;margin:0}
"""


def contents(consignment: Consignment, folder: Path) -> dict[str, Path]:
    """Name on the disc -> path: the consignment's files, the notice and the list of digests, written to `folder`."""
    folder.mkdir()
    notice, sums = folder / "notice", folder / "sums"
    notice.write_bytes(notice_text(consignment).encode())
    sums.write_bytes("".join(f"{file.sha256}  {file.name}\n" for file in consignment.files).encode())
    return {NOTICE_NAME: notice, SUMS_NAME: sums, **{file.name: file.path for file in consignment.files}}


def sheet_facts(consignment: Consignment, settings: DiscSettings, image_size: int, image_sha256: str) -> dict[str, Any]:
    """What the sheets and the record say, in the record's own form."""
    return {
        "version": 1,
        "order": consignment.order,
        "release": consignment.release,
        "recipient": consignment.recipient,
        "medium": settings.medium,
        "capacity": CAPACITY[settings.medium],
        "volume": volume_label(consignment.release),
        "image": {"name": "image.iso", "size": image_size, "sha256": image_sha256},
        "files": [{"name": file.name, "size": file.size, "sha256": file.sha256} for file in consignment.files],
    }


def handover_json(facts: Mapping[str, Any]) -> str:
    """The hand-over record; `handover` is for people to fill in and is null until then."""
    return json.dumps({**facts, "handover": dict.fromkeys(BLANKS)}, ensure_ascii=False, indent=2) + "\n"


def label_html(consignment: Consignment, facts: Mapping[str, Any]) -> str:
    """A label to print on the disc: 120 mm, nothing but what a finder may know."""
    top = f"<h1>匿名加工情報<br>Anonymously processed information</h1><p>{_line(words(consignment.title))}</p>"
    bottom = f"<p class=mono>{_line(facts['volume'])}</p><p class=mono>{_line(facts['order'])}</p>"
    bottom += f"<p>{_line(_operator(consignment))}</p><p>暗号化済 / encrypted</p><p>No. ____________</p>"
    body = f"<div class=disc><div class=top>{top}</div><div class=hole></div><div class=bottom>{bottom}</div></div>"
    return _page("Label", _LABEL, body)


def cover_html(consignment: Consignment, settings: DiscSettings, facts: Mapping[str, Any]) -> str:
    """The sheet that goes with the disc: address, notice, digests, and lines for serial number and signatures."""
    names = consignment.recipient_name
    known = {
        "件名 / Title": words(consignment.title),
        "提供番号 / Order": facts["order"],
        "リリース / Release": facts["release"],
        "媒体 / Medium": f"{facts['medium']}, {facts['volume']}",
        "提供者 / Provider": _operator(consignment),
        "問合せ先 / Contact": consignment.operator.get("contact", ""),
    }
    digests = {"image.iso": facts["image"]["sha256"], **{each["name"]: each["sha256"] for each in facts["files"]}}
    blanks = "".join(f"<tr><th>{_line(words(text))}<td class=blank>" for text in BLANKS.values())
    body = (
        f"<p class=address>{_line(settings.postal_address)}<br>{_line(names.get('ja', ''))} 御中"
        f"<br>{_line(names.get('en', ''))}</p>"
        "<h1>匿名加工情報 送付書 / Delivery of anonymously processed information</h1>"
        f"<p>{_line(consignment.notice.get('ja', ''))}</p><p>{_line(consignment.notice.get('en', ''))}</p>"
        f"<h2>内容 / Contents</h2><table>{_rows(known)}</table>"
        f"<h2>SHA-256</h2><table class=mono>{_rows(digests)}</table>"
        f"<h2>引渡記録 / Hand-over record</h2><table>{blanks}</table>"
    )
    return _page("Cover sheet", _COVER, body)


def _operator(consignment: Consignment) -> str:
    return words({"ja": consignment.operator.get("name_ja", ""), "en": consignment.operator.get("name_en", "")})


def _rows(facts: Mapping[str, str]) -> str:
    return "".join(f"<tr><th>{_line(key)}<td>{_line(value)}" for key, value in facts.items())


def _line(text: object) -> str:
    return escape(str(text)).replace("\n", "<br>")


def _page(title: str, style: str, body: str) -> str:
    head = f'<meta charset="utf-8"><title>{title}</title><style>{_STYLE}{style}</style>'
    return f'<!doctype html>\n<html lang="ja"><head>{head}</head>\n<body>{body}</body></html>\n'
