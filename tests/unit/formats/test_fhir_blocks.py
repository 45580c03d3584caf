"""Lines that are decoded in one go are what each of them is alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats import fhirblocks
from provision.formats.fhirblocks import decoded_lines
from provision.formats.fhirdecoding import decoded, is_utf8
from tests.support.fhir import condition, observation, patient, written

_GOOD = [
    written(patient()), written(observation()), written(condition()), b'{"resourceType":"Organization","name":"}{"}',
    written({"resourceType": "Practitioner", "text": "}\n{", "x": [{}, {}, {"y": []}]}),
]  # fmt: skip
#: Where values meet, end and begin as they should not, or only seem to.
_ODD = [
    b"", b" ", b"\r", b"{}", b"}", b"{", b"}{", b"null", b"5", b"[]", b"[{}", b"{}]", b'"', b'"}', b'{"', b"\xff",
    "架空".encode("shift_jis"), b"\xef\xbb\xbf" + _GOOD[0], _GOOD[1] + _GOOD[1], _GOOD[0] + b" " + _GOOD[2],
    _GOOD[1].replace(b"{", b"{\n", 1), _GOOD[1].replace(b",", b",\n"), _GOOD[2][:-1] + b"\n}", _GOOD[0][:-1],
    b'{"resourceType":"Observation","code":5}', b'{"resourceType":"Nobody"}', _GOOD[3].replace(b"}{", b"}\n{"),
    b'{"resourceType":"Practitioner","x":[{}', b'{}],"y":[{}', b"{}]}", b"[" * 3_000,
]  # fmt: skip
_PARTS = st.lists(st.sampled_from(_GOOD) | st.sampled_from(_GOOD) | st.sampled_from(_ODD), max_size=12)
_ENDS = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b"\n\n", b" \n", b"\n ", b"   \n"])


def _said(found: Sequence[Any]) -> list[object]:
    return [one if isinstance(one, bytes) else (type(one).__name__, msgspec.json.encode(one)) for one in found]


def _one_by_one(parts: list[bytes]) -> list[Any]:
    return decoded(parts) if is_utf8(b"\n".join(parts)) else parts


@settings(max_examples=150, deadline=None)
@given(parts=_PARTS, ends=st.lists(_ENDS, min_size=12, max_size=12), last=st.booleans(), go=st.integers(1, 5))
def test_lines_are_what_each_is_alone(parts: list[bytes], ends: list[bytes], last: bool, go: int) -> None:
    block = b"".join(part + end for part, end in zip(parts, ends, strict=False))
    block = block if last else block.removesuffix(b"\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fhirblocks, "_GO", go)
        found = decoded_lines(block)
    assert _said(found) == _said(_one_by_one(block.removesuffix(b"\n").split(b"\n")))


#: Two values in two lines, of which none is one value.
_SPLIT = [
    [b'{"resourceType":"Practitioner","x":[', b"{}]}" + _GOOD[0]],
    [_GOOD[0] + b'{"resourceType":"Practitioner","x":{}', b"}"],
    [_GOOD[0] + b'{"resourceType":"Practitioner"', b',"x":{}}'],
    [_GOOD[0] + _GOOD[1], b" "],
    [b"", _GOOD[0] + _GOOD[1]],
]


@pytest.mark.parametrize("parts", _SPLIT)
def test_two_values_are_not_two_lines(parts: list[bytes]) -> None:
    assert _said(decoded_lines(b"\n".join(parts))) == _said(parts)
    found = decoded_lines(b"\n".join([*_GOOD, *parts, *_GOOD, b""]))
    assert _said(found) == _said([*decoded(_GOOD), *parts, *decoded(_GOOD)])


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b" \r\n"])
def test_good_ones_are_decoded_in_one_go(monkeypatch: pytest.MonkeyPatch, end: bytes) -> None:
    def never(_: object) -> list[Any]:
        raise AssertionError("decoded one by one")

    monkeypatch.setattr(fhirblocks, "decoded", never)
    assert len(decoded_lines(b"".join(one + end for one in _GOOD * 20))) == 100


def test_one_that_is_none_costs_few_others_a_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    again: list[bytes] = []
    monkeypatch.setattr(fhirblocks, "decoded", lambda raws: again.extend(raws) or decoded(again))
    found = decoded_lines(b"\n".join([*_GOOD * 20, b'{"resourceType":"Nobody"}', *_GOOD * 20]))
    assert [at for at, one in enumerate(found) if isinstance(one, bytes)] == [100]
    assert (len(found), len(again)) == (201, fhirblocks._GO)
