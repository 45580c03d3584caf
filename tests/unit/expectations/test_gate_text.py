"""The normal form: one way of writing, and nothing that was not there before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.identifiers import Strength, find_all
from expectations.text import katakana, normal, plain_kanji

EPONYMS = [
    "橋本病",
    "川崎病",
    "高安動脈炎",
    "小柳・原田病",
    "中條・西村症候群",
    "山口大学式",
    "木村氏病",
    "児玉式",
    "福原病",
]
MORE_TERMS = ["アルツハイマー型認知症", "ロキソニン", "大建中湯", "石川県", "東京都", "一戸建", "糖尿病性腎症 第3期A"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("０３－１２３４－５６７８", "03-1234-5678"),
        ("03‐1234‑5678", "03-1234-5678"),
        ("03 − 1234 ― 5678", "03-1234-5678"),
        ("0120ー123ー456", "0120-123-456"),
        ("サーバー1ー2", "サーバー1-2"),
        ("山 田 太 郎", "山田太郎"),
        ("主治医：山　田　太　郎、", "主治医:山田太郎、"),
        ("TEL0 9 0 - 1 2 3 4 - 5 6 7 8へ", "TEL090-1234-5678へ"),
        ("体温 3 6 5 1 090-1234-5678", "体温 3651 090-1234-5678"),
        ("090-1234-5678 1 2 3", "090-1234-5678 1 2 3"),
        ("昭和五十三年四月二十一日", "昭和53年4月21日"),
        ("三丁目二番一号", "3丁目2番1号"),
        ("〇九〇-一二三四-五六七八", "090-1234-5678"),
        ("藤沢七七〇-十六", "藤沢770-16"),
        ("一二三四 五六七八", "1234 5678"),
        ("〇一二六七 一 一〇〇二", "01267 1 1002"),
        ("(〇九九七)一二-三四五六", "(0997)12-3456"),
        ("番号 〇七", "番号 07"),
        ("四日市市", "四日市市"),
        ("五十嵐 三郎", "五十嵐 三郎"),
        ("a\u200bb\u3000 c", "ab c"),
        ("ﾔﾏﾀﾞ", "ヤマダ"),
    ],
)
def test_normal_form(text: str, expected: str) -> None:
    assert normal(text) == expected


@given(st.text("０1９一二十〇-ー‐ 　山田ア年月日丁目aé", max_size=20))
def test_normal_form_of_wide_digits_is_that_of_narrow_ones(text: str) -> None:
    wide = text.translate({code: code + 0xFEE0 for code in range(0x30, 0x3A)})
    assert normal(wide) == normal(text)


@given(st.text(max_size=30))
def test_normal_form_never_fails_and_has_no_blank_edge(text: str) -> None:
    assert normal(text) == normal(text).strip()
    assert katakana(plain_kanji(normal(text))) is not None


@pytest.mark.parametrize("term", EPONYMS + MORE_TERMS)
def test_terms_with_names_in_them_are_not_names(term: str) -> None:
    assert max(find_all(term).values(), default=Strength.WEAK) == Strength.WEAK
    assert "person_name" not in find_all(f"{term}で外来通院中、経過良好。")


def test_stress_list_of_eponyms() -> None:
    path = Path(__file__).parents[4] / "shared/oracles/text/eponyms_ja.txt"
    if not path.exists():
        pytest.skip("the stress list of eponyms is not here; the twin above runs on our own list")
    terms = [line.split("\t")[1] for line in path.read_text("utf-8").splitlines() if "\t" in line]
    assert len(terms) > 100
    strong = [t for t in terms if max(find_all(t).values(), default=Strength.WEAK) > Strength.WEAK]
    assert strong == []


def test_importing_the_gate_imports_nothing_heavy() -> None:
    """Airflow parses DAG files all the time; the gate's engines are loaded when it works."""
    code = (
        "import sys, expectations.gate, expectations.scan;"
        "print([m for m in ('great_expectations', 'pandas', 'polars', 'pyarrow', 'numpy', 'provision', 'anonymization')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
