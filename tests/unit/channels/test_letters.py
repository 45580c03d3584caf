"""Letters: every place is filled, both languages are there, and nothing in a value is taken for a place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from provision.channels import _templates
from provision.channels._templates import filled

LETTERS = sorted(path.stem for path in (Path(_templates.__file__).parent / "letters").iterdir())


def places(letter: str) -> set[str]:
    text = (Path(_templates.__file__).parent / "letters" / f"{letter}.txt").read_text("utf-8")
    return set(re.findall(r"\$\{(\w+)\}", text))


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_speaks_both_languages_and_is_filled(letter: str) -> None:
    words = {place: f"価格 $5 ${{{place}}} {number}" for number, place in enumerate(sorted(places(letter)))}
    text = filled(letter, **words)
    assert all(word in text for word in words.values())
    assert re.search(r"[ぁ-ん]", text)
    assert re.search(r"\b[A-Z]?[a-z]+ [a-z]+ [a-z]+\b", text)
    assert text.count("\n") == text.count("\r\n")


@pytest.mark.parametrize("letter", LETTERS)
def test_a_place_without_a_word_is_no_letter(letter: str) -> None:
    missing = dict.fromkeys(sorted(places(letter))[1:], "x")
    with pytest.raises(KeyError):
        filled(letter, **missing)
