"""Disguises: how the same value is written so that a plain search misses it. One function each, None where it is none.

The first are ways in which people and systems really write; the gate has to see through them. What nobody would write
by accident (`UNBARRED`) is planted too and only reported.
"""

from __future__ import annotations

import base64
import quopri
import re
from collections.abc import Callable, Mapping
from random import Random
from urllib.parse import quote

from benchmarks.leak_matrix.values import Value

_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
_HYPHENS = "‐‑‒–—―−－ー─"
_KANJI = {ord(str(i)): kanji for i, kanji in enumerate("〇一二三四五六七八九")}
_VARIANTS = {ord(a): b for a, b in zip("高崎斉浜沢島広桜国真辺", "髙﨑齋濱澤嶋廣櫻國眞邉", strict=True)}
_KANA = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンァィゥェォッャュョー"
)
_HALF = dict(zip(_KANA, "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝｧｨｩｪｫｯｬｭｮｰ", strict=True))
_HALF |= {
    v: _HALF[k] + "ﾞ"
    for k, v in zip(
        "カキクケコサシスセソタチツテトハヒフヘホウ", "ガギグゲゴザジズゼゾダヂヅデドバビブベボヴ", strict=True
    )
}
_HALF |= {v: _HALF[k] + "ﾟ" for k, v in zip("ハヒフヘホ", "パピプペポ", strict=True)}

Disguise = Callable[[Value, Random], str | None]


def _kana_only(text: str) -> bool:
    return re.fullmatch("[ァ-ヶー 　]+", text) is not None


def _half_kana(value: Value, draw: Random) -> str | None:
    return "".join(_HALF.get(c, c) for c in value.text) if _kana_only(value.text) else None


def _hiragana(value: Value, draw: Random) -> str | None:
    if not _kana_only(value.text):
        return None
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in value.text)


def _spaced(value: Value, draw: Random) -> str | None:
    """A blank between every two characters: 山 田 太 郎, ０ ９ ０. Not where blanks are all that tells its parts."""
    if value.machine or len(value.text) < 4 or re.search(r"[0-9A-Za-z]\s+[0-9A-Za-z]", value.text):
        return None
    return draw.choice((" ", "　")).join(re.sub(r"\s", "", value.text))


def _gaps(value: Value, draw: Random) -> str | None:
    """Blanks around hyphens: 090 - 1234 - 5678."""
    made = re.sub("(?<=[0-9])-(?=[0-9])", draw.choice((" - ", "　－　", "- ")), value.text)
    return None if value.machine or made == value.text else made


def _hyphens(value: Value, draw: Random) -> str | None:
    made = re.sub("(?<=[0-9])-(?=[0-9])", draw.choice(_HYPHENS), value.text)
    return None if value.machine or made == value.text else made


def _kanji_digits(value: Value, draw: Random) -> str | None:
    if "kanji digits" in value.written:
        return value.written["kanji digits"]
    if value.machine or not re.fullmatch("[-+() 0-9]+", value.text):
        return None
    return value.text.translate(_KANJI).replace("-", "－")


def _invisible(value: Value, draw: Random) -> str | None:
    """A character nobody sees, such as the ones copying from a web page leaves behind."""
    place = draw.randint(1, max(1, len(value.text) - 1))
    return value.text[:place] + draw.choice("\u200b\u2060\u00ad\ufeff") + value.text[place:]


def _variants(value: Value, draw: Random) -> str | None:
    made = value.text.translate(_VARIANTS)
    return made if made != value.text and not re.search("[0-9]", made) else None


def _written(name: str) -> Disguise:
    return lambda value, draw: value.written.get(name)


#: Disguises under the bars.
DISGUISES: Mapping[str, Disguise] = {
    "plain": lambda value, draw: value.text,
    "full width": lambda value, draw: value.text.translate(_WIDE),
    "inner blanks": _spaced,
    "blanks at hyphens": _gaps,
    "hyphen kinds": _hyphens,
    "kanji digits": _kanji_digits,
    "era date": _written("era date"),
    "claim date": _written("claim date"),
    "half-width kana": _half_kana,
    "hiragana": _hiragana,
    "variant kanji": _variants,
    "invisible character": _invisible,
}


def _split(value: Value, draw: Random) -> str | None:
    """Two pieces for two cells, with ``\\0`` between them."""
    place = len(value.text) // 2
    return f"{value.text[:place]}\0{value.text[place:]}" if len(value.text) >= 4 else None


#: Disguises nobody writes by accident: reported, not held to a bar.
UNBARRED: Mapping[str, Disguise] = {
    "split over two cells": _split,
    "base64": lambda value, draw: base64.b64encode(value.text.encode()).decode(),
    "hexadecimal": lambda value, draw: value.text.encode().hex(),
    "percent-encoded": lambda value, draw: (
        quote(value.text, safe="") if not value.text.isalnum() or not value.text.isascii() else None
    ),
    "quoted-printable": lambda value, draw: (
        None if value.text.isascii() else quopri.encodestring(value.text.encode()).decode().replace("=\n", "")
    ),
    "character references": lambda value, draw: "".join(f"&#{ord(c)};" for c in value.text),
    "wrong encoding": lambda value, draw: None if value.text.isascii() else value.text.encode().decode("cp437"),
    "backwards": lambda value, draw: value.text[::-1] if value.text[::-1] != value.text else None,
}


def disguised(name: str, value: Value, draw: Random) -> str | None:
    """`value` in the disguise called `name`, or None where that changes nothing."""
    made = {**DISGUISES, **UNBARRED}[name](value, draw)
    return made if name == "plain" or made != value.text else None
