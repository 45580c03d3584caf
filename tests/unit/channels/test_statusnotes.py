"""Status notes: what they say about our messages, and that nothing else is taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.errors import FixConfiguration
from provision.remote.mailbox import LARGEST, Maildir
from provision.remote.statusnotes import ACTIONS, StatusNote, parse
from tests.support.notes import maildir, note

ORDER = "nephro-2026-001.minami.mail.1"


@pytest.mark.parametrize("action", sorted(ACTIONS))
@pytest.mark.parametrize(("envelope", "headers"), [(True, True), (True, False), (False, True)])
def test_a_note_names_its_order_either_way(action: str, envelope: bool, headers: bool) -> None:
    found = parse(note(f"{ORDER}.2", action, "4.4.1", envelope=envelope, headers=headers))
    assert found == StatusNote(ORDER, 2, False, action, "4.4.1")


def test_a_note_about_a_recall_says_so() -> None:
    found = parse(note(f"{ORDER}.1.recall"))
    assert found is not None
    assert (found.order, found.recall) == (ORDER, True)


def test_postfix_may_return_the_whole_message() -> None:
    whole = note(f"{ORDER}.1", envelope=False).replace(b"text/rfc822-headers", b"message/rfc822")
    assert parse(whole) == StatusNote(ORDER, 1, False, "failed", "5.1.1")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Subject: Out of office\n\nI am away until Monday.\n",
        note(f"{ORDER}.1", envelope=False, headers=False),
        note(f"{ORDER}.1", action="read"),
        note("not one of ours"),
        note(f"{ORDER}.1").replace(b"Original-Envelope-Id: nephro-2026-001", b"Original-Envelope-Id: nephro-2026-002"),
        note(f"{ORDER}.1").replace(b"multipart/report", b"multipart/mixed"),
        note(f"{ORDER}.1", recipients=2).replace(b"Action: failed", b"Action: delivered", 1),
    ],
)
def test_what_is_no_note_of_ours(content: bytes) -> None:
    assert parse(content) is None


def test_a_code_that_is_none_is_left_out() -> None:
    found = parse(note(f"{ORDER}.1", status="5.1.1.data@minami.example"))
    assert found is not None
    assert found.status == ""


@given(st.binary(max_size=400))
def test_no_bytes_make_it_fail(junk: bytes) -> None:
    parse(junk)
    whole = note(f"{ORDER}.1")
    place = len(junk) * 3 % len(whole)
    found = parse(whole[:place] + junk + whole[place:])
    assert found is None or found.action in ACTIONS


def test_a_maildir_offers_until_it_is_put_aside(tmp_path: Path) -> None:
    folder = maildir(tmp_path / "returns")
    (folder / "new" / "1.host").write_bytes(b"one")
    (folder / "cur" / "2.host:2,").write_bytes(b"two")  # another program has seen it lie there
    (folder / "cur" / "3.host:2,FS").write_bytes(b"three")
    (folder / "new" / "4.host").write_bytes(b"x" * (LARGEST + 1))
    (folder / "new" / "5.host").symlink_to("/etc/hostname")
    box = Maildir(folder)
    found = dict(box.messages())
    assert found == {"cur/2.host:2,": b"two", "new/1.host": b"one", "new/4.host": None}
    for name in found:
        box.put_aside(name)
        box.put_aside(name)
    assert list(box.messages()) == []
    assert {path.name for path in (folder / "cur").iterdir()} == {f"{n}.host:2,S" for n in "124"} | {"3.host:2,FS"}


def test_a_folder_that_is_no_maildir_is_configuration(tmp_path: Path) -> None:
    with pytest.raises(FixConfiguration, match=r"returns\.folder"):
        Maildir(tmp_path)
