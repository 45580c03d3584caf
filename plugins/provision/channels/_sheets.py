"""What lies beside the images: label and cover sheet to print, and the record of what was made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from provision import paper
from provision.channels._consignment import recall_text, words
from provision.channels.base import Consignment
from provision.model import DiscSettings

#: Bytes a medium surely holds: the smallest figure where makers differ (CD-R 700 MiB, DVD+R as measured on sale).
CAPACITY: Mapping[str, int] = {
    "cd-r": 700 * 1024**2,
    "dvd-r": 4_707_319_808,
    "dvd+r": 4_700_372_992,
    "dvd+r-dl": 8_547_991_552,
}

#: What people write by hand on the cover sheet, in the order of the work; the custody register has it, too.
BLANKS: Sequence[Mapping[str, str]] = (
    {"ja": "媒体番号", "en": "Serial numbers of the discs"},
    {"ja": "書込日・書込者", "en": "Written on, by"},
    {"ja": "確認者", "en": "Checked by"},
    {"ja": "引渡日・追跡番号", "en": "Handed over on, tracking number"},
    {"ja": "受領日・受領者署名", "en": "Received on, by (signature)"},
)

_STYLE = f"""
body{{font-family:{paper.FONTS};color:#111;margin:0}}
table{{border-collapse:collapse;width:100%}}td,th{{border:.4pt solid #777;padding:2mm;text-align:left;
vertical-align:top}}th{{width:34%;font-weight:normal;background:#f2f2f2}}.mono{{word-break:break-all;font-size:8pt}}
h1{{font-size:14pt}}h2{{font-size:11pt;margin:5mm 0 1mm}}p{{margin:1mm 0}}
"""
_COVER = """
@page{size:A4;margin:15mm;@bottom-right{content:counter(page) " / " counter(pages);font-size:8pt}}
body{font-size:10pt}.address{font-size:12pt;margin:0 0 8mm}.blank{height:9mm}
"""
_LABEL = """
@page{size:120mm 120mm;margin:0}.disc{width:116mm;height:116mm;margin:2mm;border:.4pt solid #777;border-radius:50%;
position:relative;text-align:center;font-size:7pt;box-sizing:border-box}.top,.bottom{position:absolute;left:21mm;
right:21mm}.top{top:10mm}.bottom{top:76mm}.hole{position:absolute;left:39mm;top:39mm;width:37mm;height:37mm;
border:.4pt solid #777;border-radius:50%}h1{font-size:9pt;margin:0}
"""


def record(consignment: Consignment, settings: DiscSettings, discs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What was made for an order: `discs` with volume name, image and parts of each."""
    return {
        "version": 2,
        "order": consignment.order,
        "release": consignment.release,
        "recipient": consignment.recipient,
        "medium": settings.medium,
        "capacity": CAPACITY[settings.medium],
        "files": [{"name": file.name, "size": file.size, "sha256": file.sha256} for file in consignment.files],
        "discs": [dict(disc) for disc in discs],
    }


def record_json(facts: Mapping[str, Any]) -> str:
    """The record as it lies in the order's folder."""
    return json.dumps(facts, ensure_ascii=False, indent=2) + "\n"


def label_html(consignment: Consignment, disc: Mapping[str, Any]) -> str:
    """A label to print on the disc: 120 mm, nothing but what a finder may know."""
    which = f"{disc['number']} / {disc['of']}"
    top = f"<h1>匿名加工情報<br>Anonymously processed information</h1><p>{_line(words(consignment.title))}</p>"
    bottom = f"<p>巻 / Volume {which}</p><p class=mono>{_line(disc['volume'])}</p>"
    bottom += f"<p class=mono>{_line(consignment.order)}</p><p>{_line(_operator(consignment))}</p>"
    bottom += "<p>暗号化済 / encrypted</p><p>No. ____________</p>"
    body = f"<div class=disc><div class=top>{top}</div><div class=hole></div><div class=bottom>{bottom}</div></div>"
    return _page("Label", _LABEL, body)


def cover_html(consignment: Consignment, settings: DiscSettings, facts: Mapping[str, Any]) -> str:
    """The sheet that goes with the discs: address, notice, digests, and lines for serial numbers and signatures."""
    names = consignment.recipient_name
    known = {
        "件名 / Title": words(consignment.title),
        "提供番号 / Order": facts["order"],
        "リリース / Release": facts["release"],
        "媒体 / Medium": f"{facts['medium']} × {len(facts['discs'])}",
        "提供者 / Provider": _operator(consignment),
        "問合せ先 / Contact": consignment.operator.get("contact", ""),
    }
    digests = {f"{disc['volume']} (image.iso)": disc["image"]["sha256"] for disc in facts["discs"]}
    digests |= {each["name"]: each["sha256"] for each in facts["files"]}
    blanks = "".join(f"<tr><th>{_line(words(text))}<td class=blank>" for text in BLANKS)
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


def recall_html(consignment: Consignment, settings: DiscSettings, reason: str) -> str:
    """A letter that recalls a disc, to be posted."""
    names = consignment.recipient_name
    title, *rest = recall_text(consignment, reason).splitlines()
    lines = "".join(f"<p>{_line(line)}</p>" for line in rest if line)
    body = (
        f"<p class=address>{_line(settings.postal_address)}<br>{_line(names.get('ja', ''))} 御中"
        f"<br>{_line(names.get('en', ''))}</p><h1>{_line(title)}</h1>{lines}"
    )
    return _page("Recall", _COVER, body)


def _operator(consignment: Consignment) -> str:
    return words({"ja": consignment.operator.get("name_ja", ""), "en": consignment.operator.get("name_en", "")})


def _rows(facts: Mapping[str, str]) -> str:
    return "".join(f"<tr><th>{_line(key)}<td>{_line(value)}" for key, value in facts.items())


def _line(text: object) -> str:
    return escape(str(text)).replace("\n", "<br>")


def _page(title: str, style: str, body: str) -> str:
    head = f'<meta charset="utf-8"><title>{title}</title><style>{_STYLE}{style}</style>'
    return f'<!doctype html>\n<html lang="ja"><head>{head}</head>\n<body>{body}</body></html>\n'
