"""口座・カード: account numbers have no form of their own, card numbers carry a check digit (ISO/IEC 7812-1)."""

from __future__ import annotations

from random import Random

from benchmarks.leak_matrix.makers._check_digits import modulus_10
from benchmarks.leak_matrix.values import Maker, Value, digits, labelled


def _account(draw: Random) -> Value:
    phrase = draw.choice(
        (
            "普通 {}",
            "普通預金 {}",
            "当座{}",
            "普通口座：{}",
            labelled(draw, "口座番号"),
            "口座番号(普通) {}",
            "振込先 普通 {}",
        )
    )
    return Value(digits(draw, 7), phrase, "口座番号")


def _post_bank(draw: Random) -> Value:
    return Value(f"1{digits(draw, 3)}0-{digits(draw, 7)}1", labelled(draw, "ゆうちょ 記号番号", "口座番号"), "口座番号")


def _card(draw: Random) -> str:
    head, length = draw.choice((("4", 16), ("51", 16), ("55", 16), ("3528", 16), ("34", 15), ("37", 15), ("2221", 16)))
    return modulus_10(head + digits(draw, length - len(head) - 1))


def _grouped(draw: Random) -> Value:
    text, sign = _card(draw), draw.choice("- ")
    cuts = (4, 8, 12) if len(text) == 16 else (4, 10)
    parts = [text[start:end] for start, end in zip((0, *cuts), (*cuts, len(text)), strict=True)]
    return Value(sign.join(parts), column="カード番号")


MAKERS = (
    Maker("bank_account", "labelled", _account),
    Maker("bank_account", "post bank", _post_bank),
    Maker("card_number", "grouped", _grouped, cell=True),
    Maker("card_number", "bare", lambda draw: Value(_card(draw), column="カード番号"), cell=True),
    Maker(
        "card_number",
        "labelled",
        lambda draw: Value(_card(draw), labelled(draw, "カード番号", "クレジットカード"), "カード番号"),
    ),
)
