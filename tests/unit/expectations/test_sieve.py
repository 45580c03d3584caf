"""The sieve lets nothing through that a detector would find, and looks at little else."""

from __future__ import annotations

import re
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.identifiers import Identifier, all_kinds, find_all
from expectations.sieve import STABLE, find_each

sys.path.insert(0, str(Path(__file__).parents[2] / "contract"))
from test_identifiers import DISGUISES


@pytest.fixture(autouse=True)
def sieved(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few the texts are, they go through the sieve."""
    monkeypatch.setattr("expectations.sieve._FEW", 0)


KINDS = all_kinds()
EXAMPLES = [example for kind in KINDS for example in (*kind.must_match, *kind.must_not_match)]
TEXTS = [example.text for example in EXAMPLES]


def each(texts: list[str], context: str = "") -> dict[int, object]:
    return dict(find_each(texts, context))


def one_by_one(texts: list[str], context: str = "") -> dict[int, object]:
    return {i: found for i, text in enumerate(texts) if (found := find_all(text, context))}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_every_example_in_every_disguise_is_found_as_one_by_one(disguise: str) -> None:
    texts = [DISGUISES[disguise](text) for text in TEXTS]
    assert each(texts) == one_by_one(texts)


@pytest.mark.parametrize("context", sorted({example.context for example in EXAMPLES if example.context}))
def test_every_context_is_read(context: str) -> None:
    texts = [example.text for example in EXAMPLES if example.context == context] + TEXTS[::7]
    assert each(texts, context) == one_by_one(texts, context)


@given(
    st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4), st.sampled_from(["", "、", " ", "。本日、", "\n", "は"])
)
def test_examples_in_the_middle_of_others(parts: list[str], joint: str) -> None:
    text = joint.join(parts)
    assert each([text]) == one_by_one([text])


@given(st.text("0123456789０一二十-ー－ 　.:/@年月日号電話番記氏名山田太郎様A0ａ", max_size=24))
def test_made_up_texts(text: str) -> None:
    assert each([text]) == one_by_one([text])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_traces_have_no_look_around_and_no_blank(kind: Identifier) -> None:
    assert not re.search(r"\(\?[<!=]", kind.trace)
    assert " " not in kind.trace


def test_places_are_in_order_over_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("expectations.sieve._BATCH", 3)
    texts = ["経過良好", "03-5550-0123", "", "x", "taro@example.jp", "咳嗽", "〒100-0001"]
    assert [place for place, _ in find_each(texts)] == [1, 4, 6]


def test_characters_that_are_not_normalised_need_it_not() -> None:
    stable = [chr(code) for code in range(0x10000) if re.match(f"[{STABLE}]", chr(code))]
    assert len(stable) > 20_000
    assert unicodedata.normalize("NFKC", "".join(stable)) == "".join(stable)


@given(st.text("0１①²〇㊀ﾀﾞ゙カ－〜ー  @＠:：/／.Á歳℃", max_size=20))
def test_odd_characters(text: str) -> None:
    assert each([text + "03-5550-0123"]) == one_by_one([text + "03-5550-0123"])


def test_few_texts_are_found_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [text for example in EXAMPLES[::3] for text in (example.text, "経過良好")]
    monkeypatch.setattr("expectations.sieve._FEW", len(texts))
    few = each(texts)
    monkeypatch.setattr("expectations.sieve._FEW", 0)
    assert few == each(texts)
