"""The contract of the leak matrix: it knows every kind of the gate's, and takes nothing from the gate it measures."""

from __future__ import annotations

import ast
import unicodedata
from pathlib import Path
from random import Random

import pytest

from benchmarks import leak_matrix
from benchmarks.leak_matrix.disguises import DISGUISES, UNBARRED, disguised
from benchmarks.leak_matrix.known import KIND, known_makers, people
from benchmarks.leak_matrix.makers import _check_digits, all_makers
from benchmarks.leak_matrix.values import Maker, Value
from expectations.identifiers import all_kinds

ROOM = Path(leak_matrix.__file__).parent
#: The only modules that may know the gate: they ask it.
ASKING = {"__main__", "clean", "draft", "known", "planting", "reading"}
MAKERS = [pytest.param(maker, id=f"{maker.kind}-{maker.group}") for maker in all_makers()]


def test_every_kind_of_the_gate_has_a_maker_and_every_maker_a_kind() -> None:
    assert {maker.kind for maker in all_makers()} == {kind.id for kind in all_kinds()}


def test_known_values_of_every_kind_have_a_maker() -> None:
    makers = known_makers(people(1, 4))
    assert {maker.kind for maker in makers} == {KIND}
    assert len({maker.group for maker in makers}) == 6


@pytest.mark.parametrize("path", sorted(ROOM.rglob("*.py")), ids=lambda path: path.stem)
def test_only_what_asks_the_gate_imports_it(path: Path) -> None:
    names = [
        node.module or "" for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)
    ]
    if any(name.startswith(("expectations", "anonymization")) for name in names):
        assert path.stem in ASKING


@pytest.mark.parametrize("maker", MAKERS)
def test_the_seed_decides_and_values_differ(maker: Maker) -> None:
    made = [maker.make(Random(seed)).text for seed in range(40)]
    assert made == [maker.make(Random(seed)).text for seed in range(40)]
    assert len(set(made)) >= 20
    value = maker.make(Random(3))
    assert value.phrase.count("{}") == 1
    assert value.text in value.phrase.format(value.text)


@pytest.mark.parametrize("maker", MAKERS)
def test_every_maker_has_other_disguises_than_none(maker: Maker) -> None:
    draw = Random(5)
    values = [maker.make(draw) for _ in range(30)]
    seen = {name for name in (*DISGUISES, *UNBARRED) for value in values if disguised(name, value, draw)}
    assert {"plain", "base64"} <= seen
    assert len(seen & DISGUISES.keys()) >= 3


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (_check_digits.my_number("62149832025"), "621498320257"),
        (_check_digits.my_number("98320567321"), "983205673214"),
        (_check_digits.modulus_10("3312001"), "33120015"),
        (_check_digits.modulus_10("411111111111111"), "4111111111111111"),
        (_check_digits.modulus_10("37828224631000"), "378282246310005"),
    ],
)
def test_check_digits_are_those_of_published_numbers(made: str, wanted: str) -> None:
    assert made == wanted


@pytest.mark.parametrize(
    ("name", "text"),
    [("full width", "090-0123-4567"), ("half-width kana", "ガッコウ　ピアノ"), ("full width", "taro_1@example.jp")],
)
def test_widths_are_the_same_text_in_normal_form(name: str, text: str) -> None:
    made = disguised(name, Value(text), Random(1))
    assert made is not None
    assert made != text
    assert unicodedata.normalize("NFKC", made) == unicodedata.normalize("NFKC", text)
