"""整理番号: numbers by which a facility or an insurer finds a person or a claim again (規則34条3号)."""

from __future__ import annotations

from random import Random

from benchmarks.leak_matrix.values import Maker, Value, digits, labelled


def _chart(draw: Random) -> Value:
    text = draw.choice(
        (digits(draw, 8), f"{digits(draw, 2)}-{digits(draw, 4)}", "A" + digits(draw, 7), digits(draw, 5))
    )
    phrase = labelled(
        draw, "カルテ番号", "診察券番号", "患者ID", "患者番号", "診療録番号", "カルテNo.", "ID番号", "利用者番号"
    )
    return Value(text, phrase, "カルテ番号")


def _claim(draw: Random) -> Value:
    text = digits(draw, draw.choice((17, 18, 20, 24, 30)))
    return Value(text, labelled(draw, "レセプト管理番号", "検索番号", "レセプト番号"), "検索番号")


def _long(draw: Random) -> Value:
    return Value(str(draw.randint(21, 98)) + digits(draw, draw.choice((16, 18, 28))))


MAKERS = (
    Maker("chart_number", "labelled", _chart),
    Maker("claim_number", "labelled", _claim),
    Maker("claim_number", "alone", _long, cell=True),
)
