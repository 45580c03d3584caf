"""身体の特徴 (施行令1条1号): templates beside their label, pictures and sounds inside texts, sequences of bases."""

from __future__ import annotations

import base64
from collections.abc import Callable
from random import Random

from benchmarks.leak_matrix.values import Maker, Value, labelled


def _template(column: str, *labels: str) -> Callable[[Random], Value]:
    def make(draw: Random) -> Value:
        text = base64.b64encode(draw.randbytes(draw.choice((48, 96)))).decode()
        return Value(text, labelled(draw, *labels), column, machine=True)

    return make


def _bases(draw: Random) -> Value:
    variant = f"rs{draw.randint(10**5, 10**8)} {draw.choice('ACGT')}/{draw.choice('ACGT')}"
    return Value(
        draw.choice(("".join(draw.choices("ACGT", k=80)), variant)), draw.choice(("{}", "遺伝子型 {}")), machine=True
    )


def _inline(kind: str, start: bytes) -> Callable[[Random], Value]:
    def make(draw: Random) -> Value:
        return Value(f"data:{kind};base64,{base64.b64encode(start + draw.randbytes(40)).decode()}", machine=True)

    return make


MAKERS = (
    Maker("dna", "bases", _bases, cell=True),
    Maker("face_image", "picture in a text", _inline("image/jpeg", b"\xff\xd8\xff\xe0"), cell=True),
    Maker("face_image", "template", _template("face_embedding", "顔特徴量", "face_embedding")),
    Maker(
        "fingerprint",
        "template",
        _template("fingerprint_template", "指紋テンプレート", "指紋データ", "fingerprint_template"),
    ),
    Maker("gait", "template", _template("gait_template", "歩容データ", "歩容", "gait_template")),
    Maker("iris", "template", _template("iris_code", "虹彩コード", "虹彩データ", "iris_code")),
    Maker("vein", "template", _template("vein_template", "静脈認証", "静脈データ", "vein_template")),
    Maker("voice", "sound in a text", _inline("audio/mpeg", b"ID3"), cell=True),
    Maker("voice", "template", _template("voiceprint", "声紋", "声紋データ", "voiceprint")),
)
