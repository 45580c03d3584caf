"""Front columns cut off for whole blocks at once do what the plain expression says, line by line."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats.recodefronts import Fronts
from provision.formats.ukerecognise import FRONT

PLAIN = re.compile(rb"(" + FRONT + rb")(?=[A-Z]{2},)")
cells = st.sampled_from(
    [b"1", b"2", b"8", b"11", b"15", b"9", b"0", b"00", b"01", b"A1", b"", b"a", b"123456789", b"1234567890", b"RE",
     b"HO", b"R", b"RC", "架空".encode("cp932"), b"\xff", b"0000", b" "]
)  # fmt: skip
lines = st.one_of(
    st.lists(cells, max_size=6).map(b",".join),
    st.tuples(st.sampled_from([b"1", b"2", b"14"]), cells, st.sampled_from([b"", b"0", b"00", b"0A"]), cells, cells)
    .map(b",".join),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(lines, min_size=1, max_size=8), st.sampled_from([b"\n", b"\r\n"]))
def test_whole_blocks_are_what_the_expression_says(records: list[bytes], end: bytes) -> None:
    fronts = Fronts(end.join(records) + end)
    matches = [PLAIN.match(record + end) for record in records]
    assert fronts.wrong().tolist() == [match is None for match in matches]
    good = [match for match in matches if match is not None]
    if len(good) < len(matches):
        return
    assert fronts.stripped() == b"".join(match.string[match.end() :] for match in good)
    heads = [match[1].split(b",") for match in good]
    assert fronts.added().tolist() == [head[0] != b"1" for head in heads]
    assert fronts.branches() == sum(bool(head[2].strip(b"0")) for head in heads)
    assert fronts.is_kind("RE", "RC").tolist() == [
        match.string[match.end() :][:2] in (b"RE", b"RC") for match in good
    ]  # fmt: skip
