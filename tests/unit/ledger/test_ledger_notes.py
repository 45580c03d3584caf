"""Signing keys, signed notes and receipts."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_world import NAME, fill

from provision.errors import FixConfiguration, LedgerBroken, Refused
from provision.ledger import notes
from provision.ledger.merkle import leaf_hash
from provision.ledger.notes import Checkpoint
from provision.ledger.proof import receipt, verify_receipt
from provision.ledger.signing import Signer, Verifier
from provision.ledger.store import Ledger

#: The worked example of Go's package golang.org/x/mod/sumdb/note, made by another implementation.
FOREIGN_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
FOREIGN_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

CHECKPOINT = Checkpoint(NAME, 12, leaf_hash(b"root"))


def test_a_note_of_another_implementation_verifies() -> None:
    key = Verifier.from_public(FOREIGN_KEY)
    assert key.public == FOREIGN_KEY
    assert notes.open_note(FOREIGN_NOTE, [key]).endswith("problem is.\n")
    with pytest.raises(LedgerBroken):
        notes.open_note(FOREIGN_NOTE.replace("think", "thing"), [key])


def test_a_key_is_kept_private_and_comes_back(tmp_path: Path) -> None:
    made = Signer.create(tmp_path / "keys" / "log.pem", NAME)
    again = Signer.load(tmp_path / "keys" / "log.pem")
    assert again.public == made.public == Verifier.from_public(made.public).public
    assert stat.S_IMODE(os.stat(tmp_path / "keys" / "log.pem").st_mode) == 0o600
    assert os.listdir(tmp_path / "keys") == ["log.pem"]
    assert again.verifier.accepts(b"text", made.sign(b"text"))
    assert "PRIVATE" not in repr(again)


def test_a_key_is_never_overwritten_nor_used_when_others_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "log.pem"
    Signer.create(file, NAME)
    before = file.read_bytes()
    with pytest.raises(FixConfiguration, match="already"):
        Signer.create(file, NAME)
    assert file.read_bytes() == before
    file.chmod(0o644)
    with pytest.raises(FixConfiguration, match="chmod 600"):
        Signer.load(file)


@pytest.mark.parametrize("content", [b"", b"Name: a\n\nnonsense", b"\xff\xfe", b"-----BEGIN PRIVATE KEY-----\n"])
def test_a_broken_key_file_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "log.pem"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(FixConfiguration):
        Signer.load(file)
    with pytest.raises(FixConfiguration):
        Signer.load(tmp_path / "absent.pem")


@pytest.mark.parametrize("text", ["", "name", "a+b+c", FOREIGN_KEY.replace("c74f20a3", "c74f20a4"), "x" + FOREIGN_KEY])
def test_a_broken_public_key_is_refused(text: str) -> None:
    with pytest.raises(FixConfiguration):
        Verifier.from_public(text)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\nb", "a b"])
def test_a_name_that_would_break_the_format_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FixConfiguration):
        Signer.create(tmp_path / "log.pem", name)


def test_a_checkpoint_has_the_form_of_the_specification(signer: Signer) -> None:
    lines = notes.make(CHECKPOINT, signer).split("\n")
    assert lines[:2] == [NAME, "12"]
    assert base64.b64decode(lines[2]) == CHECKPOINT.root
    assert lines[3] == "" == lines[5]
    assert lines[4].startswith(f"— {NAME} ")
    data = base64.b64decode(lines[4].split(" ")[2])
    assert (len(data), data[:4]) == (68, signer.verifier.key_id)
    assert notes.verify("\n".join(lines), [signer.verifier]) == CHECKPOINT


def test_signatures_of_strangers_are_ignored_and_never_enough(tmp_path: Path, signer: Signer) -> None:
    stranger = Signer.create(tmp_path / "other.pem", "another.test/log")
    both = notes.add_signature(notes.make(CHECKPOINT, stranger), signer)
    assert notes.verify(both, [signer.verifier]) == CHECKPOINT
    assert notes.add_signature(both, signer) == both
    with pytest.raises(LedgerBroken, match="no known key"):
        notes.verify(notes.make(CHECKPOINT, stranger), [signer.verifier])
    with pytest.raises(LedgerBroken, match="another log"):
        notes.verify(notes.make(Checkpoint("x.test", 1, CHECKPOINT.root), signer), [signer.verifier])


def test_one_wrong_signature_of_a_known_key_condemns_the_note(tmp_path: Path, signer: Signer) -> None:
    second = Signer.create(tmp_path / "second.pem", NAME)
    both = notes.add_signature(notes.make(CHECKPOINT, signer), second)
    wrong = notes.make(Checkpoint(NAME, 13, CHECKPOINT.root), second).splitlines()[-1]
    mixed = "\n".join([*both.splitlines()[:-1], wrong, ""])
    with pytest.raises(LedgerBroken, match="wrong"):
        notes.verify(mixed, [signer.verifier, second.verifier])
    assert notes.verify(mixed, [signer.verifier]) == CHECKPOINT


@settings(deadline=None)
@given(data=st.data())
def test_any_changed_letter_of_a_note_is_found(signer: Signer, data: st.DataObject) -> None:
    note = notes.make(CHECKPOINT, signer)
    place = data.draw(st.integers(0, len(note) - 1))
    letter = data.draw(st.characters(codec="utf-8").filter(lambda letter: letter != note[place]))
    with pytest.raises(LedgerBroken):
        notes.verify(note[:place] + letter + note[place + 1 :], [signer.verifier])


@settings(deadline=None)
@given(st.text())
def test_no_text_crashes_the_reader(text: str) -> None:
    for candidate in (text, f"{text}\n\n— a AAAAAAAA\n", f"a\n1\n{text}\n\n— a AAAAAAAA\n"):
        with pytest.raises(LedgerBroken):
            notes.verify(candidate, [Verifier.from_public(FOREIGN_KEY)])


@pytest.mark.parametrize("size", ["01", "-1", "+1", "1e3", "１", "", " 1"])
def test_a_size_has_one_spelling(signer: Signer, size: str) -> None:
    with pytest.raises(LedgerBroken):
        notes.parse(notes.make(CHECKPOINT, signer).replace("\n12\n", f"\n{size}\n"))


def test_receipts_of_every_entry_verify_offline(ledger: Ledger, signer: Signer) -> None:
    fill(ledger, 9)
    for seq in range(9):
        text = receipt(ledger, seq, signer)
        assert text.startswith(f"c2sp.org/tlog-proof@v1\nindex {seq}\n")
        assert verify_receipt(text, ledger.entry_bytes(seq), signer.public).size == 9
    fill(ledger, 4)
    assert verify_receipt(receipt(ledger, 3, signer), ledger.entry_bytes(3), signer.public).size == 9
    assert verify_receipt(receipt(ledger, 11, signer), ledger.entry_bytes(11), signer.public).size == 13
    with pytest.raises(Refused):
        receipt(ledger, 13, signer)


def test_a_receipt_of_one_entry_only_has_no_hashes(ledger: Ledger, signer: Signer) -> None:
    fill(ledger, 1)
    text = receipt(ledger, 0, signer)
    assert text.split("\n")[:3] == ["c2sp.org/tlog-proof@v1", "index 0", ""]
    extra = text.replace("index", "extra bm90aGluZw==\nindex", 1)
    assert verify_receipt(extra, ledger.entry_bytes(0), signer.public).size == 1


def test_a_receipt_proves_only_its_entry(ledger: Ledger, signer: Signer, tmp_path: Path) -> None:
    fill(ledger, 5)
    text, data = receipt(ledger, 2, signer), ledger.entry_bytes(2)
    other = Signer.create(tmp_path / "other.pem", NAME)
    with pytest.raises(LedgerBroken, match="not in the log"):
        verify_receipt(text, ledger.entry_bytes(3), signer.public)
    with pytest.raises(LedgerBroken, match="not in the log"):
        verify_receipt(text.replace("index 2", "index 3"), data, signer.public)
    with pytest.raises(LedgerBroken, match="no known key"):
        verify_receipt(text, data, other.public)


@settings(deadline=None)
@given(data=st.data())
def test_any_changed_letter_of_a_receipt_is_found(receipt_of_two: tuple[str, bytes, str], data: st.DataObject) -> None:
    text, entry_bytes, public = receipt_of_two
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(codec="utf-8").filter(lambda letter: letter != text[place]))
    with pytest.raises(LedgerBroken):
        verify_receipt(text[:place] + letter + text[place + 1 :], entry_bytes, public)


@pytest.fixture(scope="session")
def receipt_of_two(tmp_path_factory: pytest.TempPathFactory, signer: Signer) -> tuple[str, bytes, str]:
    with Ledger.open(tmp_path_factory.mktemp("log") / "ledger.db") as ledger:
        fill(ledger, 6)
        return receipt(ledger, 2, signer), ledger.entry_bytes(2), signer.public
