"""Makes the word lists of the name detectors from NAIST Japanese Dictionary (naist-jdic.dic, EUC-JP, BSD-3-Clause).

    python scripts/name_lists.py /usr/share/chasen/dic/naist-jdic/naist-jdic.dic

Two lists in `expectations/identifiers/data/`: surnames beyond those of japanese-personal-name-dataset, and ordinary
words in kanji, which tell 訪問看護師 from 山田看護師. The dictionary is needed for making them only.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from expectations.identifiers._names import counted_surnames  # noqa: E402
from expectations.text import normal, plain_kanji  # noqa: E402

_ENTRY = re.compile(r"\(品詞 \(([^)]*)\)\) \(\(見出し語 \(([^ ]+) [0-9]+\)\)")
_KANJI = re.compile("[一-鿿々〆ヶ]+")
_ORDINARY = re.compile(
    "名詞 (?:一般|サ変接続|形容動詞語幹|副詞可能|代名詞 一般|ナイ形容詞語幹|接尾 .*|非自立 .*)"
    "|副詞 .*|動詞 自立|接続詞|連体詞"
)
_SOURCE = "#source: NAIST Japanese Dictionary 0.4.3 (LICENSE.naist-jdic.txt); made by scripts/name_lists.py"


def main(dictionary: Path) -> None:
    """Write both lists."""
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    for line in dictionary.read_text("euc_jp", errors="ignore").splitlines():
        found = _ENTRY.match(line)
        if found and _KANJI.fullmatch(word := plain_kanji(normal(found[2]))):
            kinds[found[1]].add(word)
    counted = set(counted_surnames())
    _write("surnames", kinds["名詞 固有名詞 人名 姓"] - counted)
    ordinary = set().union(*(words for kind, words in kinds.items() if _ORDINARY.fullmatch(kind)))
    _write("words", {word for word in ordinary if 2 <= len(word) <= 4})


def _write(name: str, words: set[str]) -> None:
    path = ROOT / "expectations/identifiers/data" / f"{name}.txt"
    path.write_text("\n".join([_SOURCE, *sorted(words), ""]), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
