"""Archives: every kind gives its files whole or refuses all of them, says no name, and stops at its limits."""

from __future__ import annotations

import io
import random
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.errors import Refused, RetryLater
from provision.intake.archives import Tally, members
from provision.intake.archives.containers import is_container
from provision.model import ArchiveLimits
from tests.support.archives import gzipped, seven_zipped, tarred, zipped, zipped_cp932, zipped_to_pipe

NAME = "架空山花子様分"
FILES = {f"{NAME}.UKE": b"RE,1\r\n" * 400, "folder/ソ表.UKE": b"", "folder/deep/c.UKE": bytes(range(256)) * 900}
PASSWORD = b"pass word"


def opened(
    data: bytes, limits: ArchiveLimits | None = None, password: bytes | None = None, tally: Tally | None = None
) -> dict[str, bytes]:
    """Names and contents; the iterator is drawn to its end."""
    return {m.name: m.stream.read() for m in members(io.BytesIO(data), limits, password, tally)}


def refused(data: bytes, limits: ArchiveLimits | None = None, password: bytes | None = None) -> str:
    """The rule it is refused by. The message names nothing of the sender's."""
    with pytest.raises(Refused) as caught:
        opened(data, limits, password)
    assert not any(name in str(caught.value) for name in (NAME, "UKE", "folder"))
    assert caught.value.__cause__ is None
    return caught.value.rule


def test_what_is_no_archive_is_itself() -> None:
    tally = Tally()
    assert opened(b"RE,1\r\n" * 100_000, tally=tally) == {"": b"RE,1\r\n" * 100_000}
    assert opened(b"") == {"": b""}
    assert (tally.archives, tally.members, tally.consumed, tally.produced) == (0, 1, 600_000, 0)


KINDS: dict[str, Callable[[], bytes]] = {
    "zip": lambda: zipped(FILES),
    "stored zip": lambda: zipped(FILES, zipfile.ZIP_STORED),
    "bzip2 zip": lambda: zipped(FILES, zipfile.ZIP_BZIP2),
    "zip with CP932 names": lambda: zipped_cp932(FILES),
    "zip to a pipe": lambda: zipped_to_pipe(FILES),
    "tar (pax)": lambda: tarred(FILES),
    "tar (GNU)": lambda: tarred(FILES, tarfile.GNU_FORMAT),
    "tar.gz": lambda: gzipped(tarred(FILES)),
    "zip in tar.gz": lambda: gzipped(tarred({"inner.zip": zipped(FILES)})),
    "tar.gz in zip": lambda: zipped({"inner.tgz": gzipped(tarred(FILES))}, zipfile.ZIP_STORED),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_same_files(kind: str) -> None:
    tally = Tally()
    found = opened(KINDS[kind](), tally=tally)
    outer = {"zip in tar.gz": "inner.zip/", "tar.gz in zip": "inner.tgz/"}.get(kind, "")
    assert found == {outer + name: data for name, data in FILES.items()}
    assert (tally.members, tally.left_out) == (3, 0)


@pytest.mark.parametrize("options", [["-mem=AES256"], ["-mem=AES128"], ["-mem=ZipCrypto"]], ids=lambda o: o[0])
def test_encrypted_zips(tmp_path: Path, options: list[str]) -> None:
    made = seven_zipped(tmp_path, FILES, f"-p{PASSWORD.decode()}", *options)
    assert opened(made, password=PASSWORD) == FILES
    assert refused(made) == "archive.password"
    assert refused(made, password=b"wrong") in {"archive.wrong_password", "archive.broken"}
    assert refused(made[: len(made) // 2], password=PASSWORD) == "archive.broken"


def test_deflate64_as_windows_explorer_packs_large_files(tmp_path: Path) -> None:
    assert opened(seven_zipped(tmp_path, FILES, "-mm=Deflate64"), password=PASSWORD) == FILES


def test_a_single_compressed_file() -> None:
    assert opened(gzipped(b"RE,1\r\n")) == {"": b"RE,1\r\n"}
    assert opened(gzipped(b"RE,1\r\n") + gzipped(b"GO\r\n")) == {"": b"RE,1\r\nGO\r\n"}


def test_members_that_are_left_unread_are_checked_all_the_same() -> None:
    data = bytearray(zipped({"a": b"abc" * 100, "b": b"x"}, zipfile.ZIP_STORED))
    data[data.index(b"abcabc") + 5] ^= 1
    with pytest.raises(Refused, match=r"archive\.broken"):
        for _ in members(io.BytesIO(bytes(data))):
            pass


@pytest.mark.parametrize(
    ("junk", "left_out"),
    [
        ({"__MACOSX/._a.UKE": b"x"}, 1),
        ({"sub/.DS_Store": b"x", "Thumbs.db": b"x", "desktop.ini": b"x"}, 3),
        ({"empty/": b"", "a/": b"", "a/b.UKE": b"y"}, 1),
    ],
)
def test_what_systems_put_there_is_left_out_and_counted(junk: dict[str, bytes], left_out: int) -> None:
    tally = Tally()
    found = opened(zipped({"z.UKE": b"z", **junk}), tally=tally)
    assert set(found) <= {"z.UKE", "a/b.UKE"}
    assert tally.left_out == left_out


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/x", "C:\\x", "c:x", "..\\x", "a\0b", "\\\\server\\x", "a/.."]
)
def test_a_name_that_leads_out_is_refused(name: str) -> None:
    entry = zipfile.ZipInfo("placeholder".ljust(len(name), "x"))
    entry.filename = name  # past the clearing that the library does
    assert refused(zipped([(cast(str, entry), b"x")])) == "archive.path"
    if "\0" not in name and "\\" not in name:
        assert refused(tarred({name: b"x"})) == "archive.path"


def test_a_name_is_no_path_where_it_only_looks_like_one() -> None:
    assert opened(zipped({"./a//b..c/...": b"x"})) == {"a/b..c/...": b"x"}


def with_mode(mode: int, attributes: int = 0) -> bytes:
    entry = zipfile.ZipInfo("link")
    entry.external_attr = mode << 16 | attributes
    return zipped([(cast(str, entry), b"/etc/passwd")])


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices_in_a_zip(mode: int) -> None:
    assert refused(with_mode(mode | 0o777)) == "archive.link"
    assert opened(with_mode(stat.S_IFREG | 0o644)) == {"link": b"/etc/passwd"}
    assert refused(with_mode(0, 0x400)) == "archive.link"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, b"S", b"Z"])
def test_links_and_devices_in_a_tar(kind: bytes) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        header = tarfile.TarInfo("link")
        header.type, header.linkname = kind, "/etc/passwd"
        archive.addfile(header)
        archive.addfile(tarfile.TarInfo("after"))
    assert refused(made.getvalue()) == "archive.link"


def test_two_files_of_one_name() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = zipped([(f"{NAME}.UKE", b"1"), (f"{NAME}.UKE", b"2")])
    assert refused(twice) == "archive.duplicate"
    assert refused(tarred({"a/b": b"1", "a//b": b"2"})) == "archive.duplicate"
    assert refused(zipped([("a/b", b"1"), ("a\\b", b"2")])) == "archive.duplicate"


@pytest.mark.parametrize(
    "made", [zipped({}), zipped({"folder/": b""}), gzipped(zipped({}))], ids=["zip", "folder", "gz"]
)
def test_an_archive_without_files(made: bytes) -> None:
    assert refused(made) == "archive.empty"


@pytest.mark.parametrize("kind", ["zip", "stored zip", "zip to a pipe", "tar (pax)", "tar.gz", "zip in tar.gz"])
def test_what_follows_the_end(kind: str) -> None:
    made = KINDS[kind]()
    assert refused(made + b"more") == "archive.broken"
    assert refused(made + made) in {"archive.broken", "archive.directory", "archive.duplicate"}


@pytest.mark.parametrize("kind", ["zip", "stored zip", "zip to a pipe", "tar (pax)", "tar.gz"])
def test_what_stands_before_the_beginning_of_the_list(kind: str) -> None:
    """Cut at every place: all or nothing. A tar without its padding is whole."""
    made = KINDS[kind]()
    chance = random.Random(kind)
    whole = 512 if kind.startswith("tar (") else 0
    ends = len(made) - (len(made) - len(made.rstrip(b"\0")) - whole if whole else 0)
    for cut in {1000, *(chance.randrange(600, ends) for _ in range(60)), ends - 1}:
        assert refused(made[:cut]) in {"archive.broken", "archive.directory"}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["zip", "stored zip", "zip to a pipe", "tar.gz", "tar (GNU)"]), st.integers(0, 10**9))
def test_a_changed_byte_gives_the_same_files_or_none_or_in_a_tar_another_file(kind: str, place: int) -> None:
    """What carries checksums gives what was packed or nothing. A tar has one for its headers only."""
    made = bytearray(KINDS[kind]())
    made[place % len(made)] ^= 1 << place % 7
    try:
        found = opened(bytes(made))
    except Refused:
        return
    if kind == "tar (GNU)":
        assert len(found) in {1, 3}
    else:
        assert sorted(found.values()) == sorted(FILES.values()) or list(found) == [""]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([b"PK\x03\x04", b"\x1f\x8b\x08", b"\0" * 257 + b"ustar"]), st.binary(max_size=2000))
def test_bytes_that_only_begin_like_an_archive(head: bytes, rest: bytes) -> None:
    with pytest.raises(Refused, match=r"archive\."):
        opened(head + rest)


def workbook() -> bytes:
    """As a program writes it."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    book.add_worksheet().write(0, 0, "受診日")
    book.close()
    return made.getvalue()


@pytest.mark.parametrize(
    "first", ["[Content_Types].xml", "_rels/.rels", "docProps/app.xml", "xl/styles.xml", "mimetype"]
)
def test_a_container_is_handed_on_whole(first: str) -> None:
    made, tally = zipped({first: b"x", "xl/workbook.xml": b"y"}), Tally()
    assert opened(made, tally=tally) == {"": made}
    assert (tally.archives, tally.members) == (0, 1)


def test_a_workbook_in_an_archive_is_one_file_of_it() -> None:
    book, tally = workbook(), Tally()
    assert opened(book) == {"": book}
    assert opened(zipped({"a.xlsx": book, "b.csv": b"1"}), tally=tally) == {"a.xlsx": book, "b.csv": b"1"}
    assert (tally.archives, tally.members) == (1, 2)


@pytest.mark.parametrize("name", ["[Content_Types].xml.txt", "xlsx/a", "mimetypes", "data/xl/a"])
def test_a_folder_that_was_packed_is_no_container(name: str) -> None:
    assert opened(zipped({name: b"x"})) == {name: b"x"}


@pytest.mark.parametrize("cut", [0, 3, 4, 26, 29, 30, 35])
def test_a_container_is_told_from_what_is_there(cut: int) -> None:
    assert not is_container(workbook()[:cut])


def test_a_member_that_the_list_does_not_name() -> None:
    """A reader that goes by the directory would see another archive than one that goes by the headers."""
    visible, hidden = zipped({"seen": b"1"}), zipped({"b": b"2"}, zipfile.ZIP_STORED)
    local = hidden[: hidden.index(b"PK\x01\x02")]
    at = visible.index(b"PK\x01\x02")
    assert refused(visible[:at] + local + visible[at:]) == "archive.directory"
    renamed = visible[:at] + visible[at:].replace(b"seen", b"else", 1)
    assert refused(renamed) == "archive.directory"


@pytest.mark.parametrize(
    "head", [b"7z\xbc\xaf\x27\x1c\0\4", b"Rar!\x1a\x07\1\0", b"\xfd7zXZ\0\0", b"BZh91AY&SY", b"\x24\x5c-lh5-\x10"]
)
def test_kinds_that_are_not_opened_are_named_as_such(head: bytes) -> None:
    assert refused(head + bytes(100)) == "archive.kind"
    assert refused(zipped({"a": head + bytes(100)})) == "archive.kind"


BOMB = bytes(40_000_000)


@pytest.mark.parametrize(
    ("made", "limits", "rule"),
    [
        (zipped({"a": BOMB}), {}, "ratio"),
        (gzipped(BOMB), {}, "ratio"),
        (gzipped(gzipped(BOMB)), {}, "ratio"),
        (zipped({"a": BOMB}), {"ratio": 10_000, "total_bytes": 30_000_000}, "total_bytes"),
        (zipped({"a": BOMB}), {"ratio": 10_000, "member_bytes": 30_000_000}, "member_bytes"),
        (tarred({"a": bytes(2000)}), {"member_bytes": 1999}, "member_bytes"),
        (zipped({f"{n}": b"" for n in range(11)}), {"members": 10}, "members"),
        (zipped({f"{n}/": b"" for n in range(11)}), {"members": 10}, "members"),
        (zipped({"a": zipped({"b": zipped({"c": b"x"})})}), {"depth": 2}, "depth"),
        (gzipped(tarred({"a": zipped({"c": b"x"})})), {"depth": 2}, "depth"),
    ],
)
def test_every_limit_stops_where_it_is_passed(made: bytes, limits: dict[str, int], rule: str) -> None:
    assert refused(made, ArchiveLimits(**limits)) == f"archive.limit.{rule}"


def test_limits_that_are_just_kept() -> None:
    made = zipped({"a": zipped({"b": zipped({"c": b"x" * 2000})}, zipfile.ZIP_STORED)}, zipfile.ZIP_STORED)
    assert opened(made, ArchiveLimits(depth=3, members=3, member_bytes=2000)) == {"a/b/c": b"x" * 2000}


def test_what_headers_say_is_not_believed() -> None:
    """A size of nothing in every header: the bytes that come out count."""
    made = bytearray(zipped({"a": BOMB}))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        made[made.index(mark) + at : made.index(mark) + at + 4] = (1).to_bytes(4, "little")
    assert refused(bytes(made)) == "archive.limit.ratio"


def test_a_long_name_in_a_tar_is_not_read_whole() -> None:
    made = bytearray(tarred({"n" * 200: b"x"}, tarfile.GNU_FORMAT))
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = b"L", 2_000_000_000
    made[:512] = header.tobuf(tarfile.GNU_FORMAT)[:512]
    assert refused(bytes(made)) == "archive.broken"


class Dripping(io.RawIOBase):
    """A line that gives a few bytes at a time, then breaks."""

    def __init__(self, data: bytes, whole: bool) -> None:
        self.data, self.whole = data, whole

    def read(self, size: int = -1) -> bytes:
        block, self.data = self.data[:7], self.data[7:]
        if not block and not self.whole:
            raise RetryLater("the line broke", rule="test.line", remedy="again")
        return block


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar (pax)"])
def test_a_line_that_breaks_is_no_broken_archive(kind: str) -> None:
    made = KINDS[kind]()
    whole = members(cast(BinaryIO, Dripping(made, whole=True)))
    assert {m.name: m.stream.read() for m in whole} == FILES
    cut = members(cast(BinaryIO, Dripping(made[: len(made) // 2], whole=False)))
    with pytest.raises(RetryLater):
        list(cut)


def test_the_head_of_a_member_can_be_looked_at() -> None:
    for member in members(io.BytesIO(zipped({"a": b"0123456789" * 10_000}))):
        assert member.stream.head(20_000) == b"0123456789" * 2000
        assert member.stream.read(15) == b"012345678901234"
        assert member.stream.head(3) == b"567"
        assert len(member.stream.read()) == 99_985
        assert member.stream.head(3) == member.stream.read(5) == b""
