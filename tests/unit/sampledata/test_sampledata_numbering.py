"""Check digits against published numbers; scattering never repeats."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.sampledata.numbering import Wheel, check_digit, checked, scattered
from provision.sampledata.tables import city, employers, municipalities, public_payer


# Examples of the official 作成手引き and published samples.
@pytest.mark.parametrize("number", ["01130012", "06132013", "19136019", "33120015", "34130021", "01010016", "138057"])
def test_published_numbers_have_our_check_digit(number: str) -> None:
    assert checked(number[:-1]) == number


@given(st.text("0123456789", min_size=1, max_size=12), st.data())
def test_one_wrong_digit_is_noticed(body: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(body) - 1))
    wrong = body[:place] + data.draw(st.sampled_from([d for d in "0123456789" if d != body[place]])) + body[place + 1 :]
    assert check_digit(wrong) != check_digit(body)


@given(st.integers(0, 99), st.integers(1, 4))
def test_scattering_is_a_permutation(salt: int, digits: int) -> None:
    assert len({scattered(n, digits, salt) for n in range(10**digits)}) == 10**digits


def test_every_insurer_of_the_world_is_valid() -> None:
    numbers = {n for m in municipalities()[1] for n in (m.nhi, m.late, m.care)}
    numbers |= {i.number for i in employers()[1]} | {public_payer(law) for law in ("12", "21", "54", "88")}
    assert all(checked(n[:-1]) == n and len(n) in (6, 8) for n in numbers)
    assert (city().nhi, city().late[:2], len(city().care)) == ("138032", "39", 6)


def test_a_wheel_gives_every_item_its_share() -> None:
    wheel = Wheel(["a", "b", "c"], [1, 0, 3])
    turned = [wheel.turn(n / 1000) for n in range(1000)]
    assert (turned.count("a"), turned.count("b"), turned.count("c")) == (250, 0, 750)
    with pytest.raises(ValueError, match="at least one"):
        Wheel([], [])
