"""保険・介護・公費: numbers of insured people, as claims (記録条件仕様) and insurance cards carry them."""

from __future__ import annotations

from random import Random

from benchmarks.leak_matrix.makers._check_digits import modulus_10
from benchmarks.leak_matrix.values import Maker, Value, digits, labelled

_SYMBOLS = ("12-34", "船橋12", "東い", "1234", "葛み・3", "千あ", "5021", "く-12", "21650014")


def _symbol_number(draw: Random) -> Value:
    symbol, number = draw.choice(_SYMBOLS), digits(draw, draw.randint(2, 7))
    written = draw.choice(
        ("記号 {} 番号 {}", "記号：{}　番号：{}", "記号{}番号{}", "記号:{}、番号:{}", "記号は{} 番号は{}")
    )
    return Value(written.format(symbol, number), column="被保険者証記号・番号")


def _number(draw: Random) -> Value:
    phrase = labelled(
        draw, "保険証番号", "被保険者証の番号", "被保険者証番号", "被保険者等記号・番号", "保険証の記号番号"
    )
    text = draw.choice(_SYMBOLS[:3]) + "-" + digits(draw, 4) if "記号" in phrase else digits(draw, draw.randint(5, 8))
    return Value(text, phrase, "被保険者証番号")


def _composite(draw: Random) -> Value:
    insurer = modulus_10(draw.choice(("0613", "0113", "3313", "3411")) + digits(draw, 3))
    return Value(
        f"{insurer}:{digits(draw, 4)}:{digits(draw, draw.randint(3, 6))}:0{draw.randint(1, 9)}", column="insured_id"
    )


def _care(draw: Random) -> Value:
    text = draw.choice(("0000", "H000", "1310")) + digits(draw, 6)
    phrase = labelled(
        draw, "介護保険被保険者番号", "被保険者番号", "介護保険の被保険者番号", "介護保険証番号", "介護保険番号"
    )
    return Value(text, phrase, "介護保険被保険者番号")


MAKERS = (
    Maker("insured_symbol_number", "symbol and number", _symbol_number, cell=True),
    Maker("insured_symbol_number", "labelled number", _number),
    Maker("insured_symbol_number", "composite", _composite, cell=True),
    Maker("care_insured_number", "labelled", _care),
)
