"""What every format promises of recognising: its own files, nobody else's, by content alone, without a value."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats import formats
from provision.formats.base import HEAD_BYTES, BadFile
from provision.formats.recognising import OfLines, Recognition, claimants, recognise, refuse_another
from provision.sampledata import format_stream, write_world
from provision.sampledata.sheets import SENDERS
from tests.contract.test_formats import BEGINNINGS, PIECES
from tests.support import dpc, uke
from tests.support.filled import filled
from tests.support.visits import registered, visit

FORMATS = sorted(formats())
#: Formats that the fictitious world writes.
WORLD = sorted(SENDERS)
SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
#: How many bytes of the world's files are looked at: few, as of a small file, up to all that ever are.
SIZES = (8_000, HEAD_BYTES)


@cache
def written(form: str, seed: int, style: int, size: int) -> bytes:
    """A file of the fictitious world."""
    return b"".join(format_stream(form, seed, size, style))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("style", range(4))
@pytest.mark.parametrize("form", WORLD)
def test_one_format_recognises_a_file_of_the_world(form: str, style: int, size: int) -> None:
    assert list(claimants(written(form, 5, style, size)[:HEAD_BYTES])) == [form]


@pytest.mark.parametrize("form", WORLD)
def test_the_reason_tells_nothing_of_the_file(form: str) -> None:
    one, other = (recognise(written(form, seed, 0, SIZES[0])[:HEAD_BYTES]) for seed in (5, 6))
    assert one == other
    assert one.format == form
    assert one.reason.isascii()


@pytest.mark.parametrize("form", sorted(dpc.FILES))
@pytest.mark.parametrize("headings", [False, True])
def test_one_format_recognises_survey_files_made_by_hand(form: str, headings: bool) -> None:
    assert list(claimants(dpc.encoded(dpc.FILES[form], headings=headings))) == [form]


def test_one_format_recognises_claims_made_by_hand() -> None:
    assert list(claimants(uke.file())) == ["uke-medical"]
    assert list(claimants(uke.file(uke.Claim(points=50), uke.Claim(name="架空川　太郎")))) == ["uke-medical"]


@pytest.mark.parametrize("form", FORMATS)
def test_two_formats_never_recognise_a_filled_file(form: str) -> None:
    """Every field of these is filled with the first code of its list, so the header may speak of another kind of
    claims than the records: then nobody may say yes, or one."""
    made = [filled(formats()[form], table) for table in formats()[form].editions]
    found = [len(claimants(data[:HEAD_BYTES])) for data in made if data is not None]
    assert max(found, default=0) <= 1


@pytest.fixture(scope="module")
def drops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything the world's senders send in months of several editions."""
    world = tmp_path_factory.mktemp("world")
    write_world(world, seed=8, people=300, months=["2018-05", "2021-09", "2025-05"], everything=True)
    return world / "senders"


def sent(drops: Path) -> Iterator[tuple[str, Path]]:
    """Format and path of every file that was sent."""
    for form, sender in SENDERS.items():
        for path in sorted((drops / sender.source).glob("*/*")):
            if path.name != "batch.yaml":
                yield form, path


def test_one_format_recognises_what_was_sent(drops: Path) -> None:
    wrong = {}
    for form, path in sent(drops):
        found = list(claimants(path.read_bytes()[:HEAD_BYTES]))
        if found != [form]:
            wrong[f"{path.parent.name}/{path.name}"] = found
    assert wrong == {}
    assert {form for form, _ in sent(drops)} >= set(WORLD) - {"dpc-k"}


@pytest.mark.parametrize("form", sorted(set(WORLD) - {"dpc-k"}))  # a K file may begin with headings nobody knows
def test_the_same_bytes_behind_others_are_another_file(form: str) -> None:
    data = written(form, 5, 0, SIZES[0])
    assert claimants(b"\0" + data[: HEAD_BYTES - 1]) == {}
    assert claimants(b"%PDF-1.7\n" + data[: HEAD_BYTES - 9]) == {}


LETTERS = [
    b"%PDF-1.7\n%",
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a",
    b"\0" * 128 + b"DICM",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"\xef\xbb\xbf<!DOCTYPE html><html>",
    b"<html lang='ja'>",
]
#: What formats of ours are written in, too: foreign only where none of them says that it is its own.
WRITTEN = {
    "XML": [b"\xef\xbb\xbf<?xml version='1.0'?><letter/>", b"<letter/>", b"\n<!-- x --><a/>", b"\xff\xfe<\0?\0x\0"],
    "JSON": [b'{"letter": 1}', b"\xef\xbb\xbf{}", b'[ {"letter": 1}]'],
    "HL7": [b"MSH|^~\\&|LETTER", b"\x0bMSH|^~\\&|"],
    "Parquet": [b"PAR1\x15\x04"],
    "Office": [b"PK\x03\x04"],
}


def judged(head: bytes) -> list[BadFile]:
    """The refusals of a file by all formats together, and by one that reads lines."""
    found = []
    for judge in (recognise, lambda h: refuse_another(formats()["uke-medical"], h)):
        with pytest.raises(BadFile) as caught:
            judge(head)
        found.append(caught.value)
    return found


@pytest.mark.parametrize("head", LETTERS)
def test_letters_and_pictures_are_called_what_they_are(head: bytes) -> None:
    assert {(error.rule, "no data" in error.remedy) for error in judged(head)} == {("format.foreign", True)}
    with registered(), pytest.raises(BadFile, match="no data"):
        refuse_another(formats()["visits"], head)


#: A K file may begin with headings nobody knows; it is never taken, whatever it is called.
LINES = [form for form in WORLD if isinstance(formats()[form], OfLines) and form != "dpc-k"]


@pytest.mark.parametrize("form", LINES)
@pytest.mark.parametrize("head", [head for heads in WRITTEN.values() for head in heads])
def test_formats_of_lines_know_nothing_that_begins_as_a_document(form: str, head: bytes) -> None:
    """They are not asked about these, and would say no."""
    assert formats()[form].recognise(head + b"\r\n" + written(form, 5, 0, SIZES[0])) == ""


@pytest.mark.parametrize(("word", "head"), [(word, head) for word, heads in WRITTEN.items() for head in heads])
def test_what_is_written_as_documents_are_is_foreign_where_nobody_knows_it(word: str, head: bytes) -> None:
    assert {(error.rule, word in error.remedy) for error in judged(head)} == {("format.foreign", True)}
    with registered():
        refuse_another(formats()["visits"], head)  # its own reader judges it


def test_a_document_is_its_formats_own_and_nobody_elses() -> None:
    with registered():
        assert recognise(visit(1)).format == "visits"
        with pytest.raises(BadFile) as caught:
            refuse_another(formats()["uke-medical"], visit(1))
    assert caught.value.rule == "format.another"


@pytest.mark.parametrize("head", [b"", b"\n", b"\x1a", b"a", b",,,,,", b"\xff\xfe\x00", b"\0" * 5_000])
def test_what_is_nobodys(head: bytes) -> None:
    assert claimants(head) == {}
    with pytest.raises(BadFile) as caught:
        recognise(head)
    assert caught.value.rule == ("format.unknown" if head else "file.empty")
    assert caught.value.remedy


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(BEGINNINGS), st.lists(PIECES | st.binary(max_size=8), max_size=30))
def test_recognising_never_fails_and_is_never_double(start: bytes, pieces: list[bytes]) -> None:
    assert len(claimants(start + b"".join(pieces))) <= 1


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WORLD), st.integers(0, 3), st.randoms(use_true_random=False))
def test_spoiled_and_cut_files_are_never_two(form: str, style: int, chance: random.Random) -> None:
    data = bytearray(written(form, 5, style, SIZES[0])[: chance.randint(1, 4_000)])
    for _ in range(chance.randint(0, 5)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    assert len(claimants(bytes(data))) <= 1


def test_noise_is_nobodys() -> None:
    noise = random.Random(1).randbytes(HEAD_BYTES)
    assert claimants(noise) == {}
    assert claimants(noise.translate(bytes(32 + byte % 90 for byte in range(256)))) == {}


@pytest.mark.parametrize("form", WORLD)
def test_a_file_of_another_format_is_refused_by_its_id(form: str) -> None:
    head = written(form, 5, 0, SIZES[0])[:HEAD_BYTES]
    refuse_another(formats()[form], head)
    other = formats()[WORLD[WORLD.index(form) - 1]]
    with pytest.raises(BadFile) as caught:
        refuse_another(other, head)
    assert caught.value.rule == "format.another"
    assert form in caught.value.remedy
    refuse_another(other, b"nobody knows this\r\n")


def test_two_that_say_yes_are_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    head = written("member-ledger", 5, 0, SIZES[0])
    assert isinstance(recognise(head), Recognition)
    monkeypatch.setattr(type(formats()["uke-medical"]), "recognise", lambda *_: "anything is")
    with pytest.raises(BadFile) as caught:
        recognise(head)
    assert caught.value.rule == "format.ambiguous"
    assert "member-ledger" in caught.value.remedy
    assert "uke-medical" in caught.value.remedy


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="there are no samples beside this checkout")
def test_one_format_recognises_the_samples() -> None:
    """Its twin on files of our own is above. Samples of formats that are not read are nobody's."""
    for path in sorted(SAMPLES.rglob("*")):
        if path.is_file():
            found = list(claimants(path.read_bytes()[:HEAD_BYTES]))
            assert len(found) <= 1, path.relative_to(SAMPLES)
            if path.suffix.upper() == ".UKE":
                assert len(found) == 1, path.relative_to(SAMPLES)
