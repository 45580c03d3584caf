"""Files in the format age: those of ours opened by the age program and by another library, and theirs by ours; what was
changed in any way is found, and nothing is given out that was not written.
"""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
import tracemalloc
from pathlib import Path
from typing import Any

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.agefiles import decrypted, encrypt, encrypted, header, plain_pieces
from provision.errors import Refused
from tests.support.agefiles import CHUNK, SEALED, SIZES, joined, parts, random

OWNER, ESCROW, STRANGER = (pyrage.x25519.Identity.generate() for _ in range(3))
BOTH = [OWNER.to_public(), ESCROW.to_public()]
#: Three chunks, the last one short; and three full ones.
FILES = {size: (plain := random(size), encrypted(plain, BOTH)) for size in (2 * CHUNK + 100, 3 * CHUNK)}


def read(file: bytes, identity: pyrage.x25519.Identity = OWNER) -> tuple[bytes, bool]:
    """What is given out of a file, and whether all of it was. Any other error is raised."""
    given = b""
    try:
        for piece in plain_pieces(io.BytesIO(file), identity):
            given += piece
    except Refused:
        return given, False
    return given, True


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("for_whom", [1, 2])
def test_what_we_write_is_opened_by_others_and_what_others_write_by_us(size: int, for_whom: int) -> None:
    plain, whom = random(size), BOTH[:for_whom]
    ours = encrypted(plain, whom)
    for identity in (OWNER, ESCROW)[:for_whom]:
        assert bytes(pyrage.decrypt(ours, [identity])) == decrypted(ours, identity) == plain
        assert decrypted(pyrage.encrypt(plain, whom), identity) == plain
    for identity in (ESCROW, STRANGER)[for_whom - 1 :]:
        with pytest.raises(Refused):
            decrypted(ours, identity)


@pytest.mark.parametrize("size", SIZES)
def test_the_age_program_and_we_open_each_other_s_files(tmp_path: Path, size: int) -> None:
    plain, (key, sealed, theirs) = random(size), (tmp_path / name for name in ("key", "ours.age", "theirs.age"))
    key.write_text(f"{ESCROW}\n")
    sealed.write_bytes(encrypted(plain, BOTH))
    opened = subprocess.run(["age", "-d", "-i", key, sealed], capture_output=True, check=True).stdout
    subprocess.run(["age", "-r", str(BOTH[0]), "-r", str(BOTH[1]), "-o", theirs], input=plain, check=True)
    assert opened == decrypted(theirs.read_bytes(), ESCROW) == plain


def vectors() -> list[list[str]]:
    """Name, what to expect, SHA-256 of what may be given out, identity without its prefix, file in Base64."""
    lines = (Path(__file__).parent / "vectors.tsv").read_text("ascii").splitlines()[2:]
    return [line.split("\t") for line in lines]


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector[0])
def test_the_test_vectors_of_the_format(vector: list[str]) -> None:
    _, expect, digest, identity, file = vector
    key = pyrage.x25519.Identity.from_str("AGE-SECRET-" + "KEY-1" + identity)
    given, whole = read(base64.b64decode(file), key)
    assert whole == (expect == "success")
    assert hashlib.sha256(given).hexdigest() == digest if digest else given == b""


@settings(max_examples=300, deadline=None)
@given(data=st.data(), size=st.sampled_from(sorted(FILES)))
def test_a_changed_byte_anywhere_is_found(data: st.DataObject, size: int) -> None:
    plain, file = FILES[size]
    head = len(parts(file)[0])
    at = data.draw(st.integers(0, head - 1) | st.integers(head, len(file) - 1))
    changed = file[:at] + bytes([file[at] ^ data.draw(st.integers(1, 255))]) + file[at + 1 :]
    given, whole = read(changed)
    assert not whole
    assert given == plain[: len(given)]
    assert len(given) <= max(at - head, 0) // SEALED * CHUNK


def test_every_changed_bit_of_a_header_is_found() -> None:
    file = encrypted(b"x", BOTH)
    for at in range(len(parts(file)[0])):
        for bit in range(8):
            assert read(file[:at] + bytes([file[at] ^ 1 << bit]) + file[at + 1 :]) == (b"", False)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), size=st.sampled_from(sorted(FILES)))
def test_bytes_left_out_or_put_in_are_found(data: st.DataObject, size: int) -> None:
    plain, file = FILES[size]
    start = data.draw(st.integers(0, len(file)))
    end = data.draw(st.just(start) | st.just(len(file)) | st.integers(start, len(file)))
    put_in = data.draw(st.binary(min_size=start == end, max_size=50) | st.just(file[start:end] * 2))
    changed = file[:start] + put_in + file[end:]
    given, whole = read(changed)
    assert whole == (changed == file)
    assert given == plain[: len(given)]


@settings(max_examples=300, deadline=None)
@given(order=st.lists(st.integers(0, 3), max_size=6), size=st.sampled_from(sorted(FILES)))
def test_chunks_left_out_doubled_swapped_or_of_another_file_are_found(order: list[int], size: int) -> None:
    plain, file = FILES[size]
    head, chunks = parts(file)
    chunks.append(parts(encrypted(plain, BOTH))[1][0])
    given, whole = read(joined(head, [chunks[number] for number in order]))
    assert whole == (order == [0, 1, 2])
    assert given == plain[: len(given)]
    assert len(given) < len(plain) or whole


def test_a_file_without_its_end_is_never_whole() -> None:
    """Wherever it is cut, at the borders of chunks too, and also where the cipher behind the cut is another file's."""
    for plain, file in FILES.values():
        head, chunks = parts(file)
        for kept in (0, 1, 2):
            for more in (b"", chunks[kept][:1], chunks[kept][:16], chunks[kept][:-1]):
                given, whole = read(joined(head, chunks[:kept]) + more)
                assert not whole
                assert given in {plain[: at * CHUNK] for at in range(kept + 1)}


@settings(max_examples=30, deadline=None)
@given(data=st.data(), size=st.sampled_from(sorted(FILES)))
def test_an_error_stays_so_that_nobody_takes_what_follows_for_the_end(data: st.DataObject, size: int) -> None:
    _, file = FILES[size]
    at = data.draw(st.integers(len(parts(file)[0]), len(file) - 1))
    pieces = plain_pieces(io.BytesIO(file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :]), OWNER)
    with pytest.raises(Refused):
        list(pieces)
    for _ in range(3):
        with pytest.raises(Refused):
            next(pieces)


def test_an_end_stays_too() -> None:
    pieces = plain_pieces(io.BytesIO(FILES[3 * CHUNK][1]), OWNER)
    assert b"".join(pieces) == FILES[3 * CHUNK][0]
    assert list(pieces) == list(pieces) == []


class Dripping:
    """A pipe: it gives what it has, which is less than was asked for."""

    def __init__(self, data: bytes, steps: list[int]) -> None:
        self.rest, self.steps = data, steps

    def read(self, size: int = -1) -> bytes:
        self.steps.append(self.steps.pop(0))
        given = self.rest[: min(size, self.steps[-1])]
        self.rest = self.rest[len(given) :]
        return given


@settings(max_examples=50, deadline=None)
@given(steps=st.lists(st.integers(1, 300_000), min_size=1), size=st.sampled_from([0, 1, CHUNK, 5 * CHUNK + 9]))
def test_streams_may_give_less_than_they_are_asked_for(steps: list[int], size: int) -> None:
    plain, cipher = random(size), io.BytesIO()
    encrypt(Dripping(plain, [max(each, size // 50) for each in steps]), cipher, BOTH)
    sealed = Dripping(cipher.getvalue(), [max(each, size // 50) for each in steps])
    assert b"".join(plain_pieces(sealed, ESCROW)) == bytes(pyrage.decrypt(cipher.getvalue(), [OWNER])) == plain


class Impatient:
    """A stream that does not wait: it has nothing yet, which is not its end (io.RawIOBase.read)."""

    def __init__(self, given: list[bytes | None]) -> None:
        self.given = given

    def read(self, size: int = -1) -> Any:
        return self.given.pop(0)


@pytest.mark.parametrize("before", [[], [b"x"], [bytes(4 * CHUNK)]], ids=["at once", "in a block", "between blocks"])
def test_a_stream_that_has_nothing_yet_has_not_ended(before: list[bytes | None]) -> None:
    cipher = io.BytesIO()
    with pytest.raises(TypeError):
        encrypt(Impatient([*before, None]), cipher, BOTH)
    assert not read(cipher.getvalue())[1]


class Failing(io.BytesIO):
    """A stream whose third question, or third block, fails."""

    asked = 0

    def read(self, size: int | None = -1) -> bytes:
        self._ask()
        return super().read(size)

    def write(self, block: Any) -> int:
        self._ask()
        return super().write(block)

    def _ask(self) -> None:
        self.asked += 1
        if self.asked == 3:
            raise OSError(28, "no space")


def test_what_a_stream_raises_is_raised_as_it_is_and_what_was_written_opens_for_nobody() -> None:
    plain, cipher = bytes(20 * CHUNK), io.BytesIO()
    for source, target in ((Failing(plain), cipher), (io.BytesIO(plain), Failing())):
        with pytest.raises(OSError, match="no space") as caught:
            encrypt(source, target, BOTH)
        assert caught.value.__context__ is None
        assert not read(target.getvalue())[1]
    with pytest.raises(OSError, match="no space"):
        list(plain_pieces(Failing(encrypted(plain, BOTH)), OWNER))


class Zeros:
    """Many bytes that need no memory."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        given = min(size, self.left)
        self.left -= given
        return bytes(given)


def test_a_large_file_needs_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    peaks = []
    for size in (1_000_000, 100_000_000):
        tracemalloc.start()
        with (tmp_path / "large.age").open("w+b") as cipher:
            encrypt(Zeros(size), cipher, BOTH)
            cipher.seek(0)
            assert sum(map(len, plain_pieces(cipher, OWNER))) == size
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0] < 2_000_000


def test_no_two_files_have_a_key_a_share_or_a_nonce_in_common() -> None:
    files = [parts(encrypted(b"same", BOTH)) for _ in range(50)]
    lines = [line for head, _ in files for line in (*head[:-16].split(b"\n")[1:-1], head[-16:])]
    assert len({*lines}) == len(lines) == 50 * 6
    assert len({header.file_key(head, OWNER) for head, _ in files}) == 50


@pytest.mark.parametrize(
    "recipient",
    ["age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z",
     "age1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqj7vrya"],
)  # fmt: skip
def test_a_key_that_no_private_key_belongs_to_is_refused(recipient: str) -> None:
    """The points 0 and 1 of Curve25519, which are of low order (RFC 7748, section 6.1)."""
    with pytest.raises(ValueError, match=r"(?i)key"):
        encrypted(b"", [OWNER.to_public(), pyrage.x25519.Recipient.from_str(recipient)])


def test_a_file_for_nobody_is_not_written() -> None:
    cipher = io.BytesIO()
    with pytest.raises(ValueError, match="somebody"):
        encrypt(io.BytesIO(b"x"), cipher, [])
    assert cipher.getvalue() == b""


def test_an_error_tells_nothing_of_the_file() -> None:
    with pytest.raises(Refused) as caught:
        decrypted(FILES[3 * CHUNK][1], STRANGER)
    assert (caught.value.rule, caught.value.__cause__) == ("seal.broken", None)
    assert str(caught.value) == str(header.broken())
