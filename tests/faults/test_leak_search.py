"""The twin of every clean search: one value of each kind planted in each kind of place is found, every one."""

from __future__ import annotations

import base64
import bz2
import gzip
import html
import io
import json
import lzma
import sqlite3
import subprocess
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from email.header import Header
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import numpy as np
import polars as pl
import pyrage
import pytest

from provision.sampledata.leaks import identifying_values
from provision.sampledata.world import write_world
from tests.support.leaksearch import Hit, search
from tests.support.needles import Needles

Values = list[tuple[str, str]]
Plant = Callable[[Path, str], None]
KINDS = {"name", "kana", "romaji", "address", "phone", "insured", "chart", "resident"}
IDENTITY = pyrage.x25519.Identity.generate()


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(tmp_path_factory.mktemp("world"))
    write_world(folder, seed=11, people=400, months=["2025-04"])
    return folder / "truth"


@pytest.fixture(scope="module")
def values(truth: Path) -> Values:
    return list(identifying_values(truth))


@pytest.fixture(scope="module")
def planted(values: Values) -> dict[str, str]:
    """One value of each kind, with kanji where the kind has any."""
    chosen: dict[str, str] = {}
    for kind, value in values:
        if len(value) > 4 and (kind not in {"name", "address"} or not value.isascii()) and _common(value):
            chosen.setdefault(kind, value)
    assert chosen.keys() == KINDS
    return chosen


def _common(value: str) -> bool:
    """Whether all encodings have it: ISO-2022-JP knows no half-width kana and no 髙."""
    try:
        return bool(value.encode("iso2022_jp"))
    except UnicodeEncodeError:
        return False


def _text(encoding: str) -> Plant:
    return lambda path, value: path.write_bytes(f"項目,値\r\n甲,{value},乙\r\n".encode(encoding))


def _bytes(write: Callable[[bytes], bytes]) -> Plant:
    return lambda path, value: path.write_bytes(write(f"a,{value},b\n".encode()))


def _among_noise(encoding: str) -> Plant:
    noise = np.random.default_rng(1).bytes(5000)
    return lambda path, value: path.write_bytes(noise + f" {value} ".encode(encoding) + noise)


def _parquet(path: Path, value: str) -> None:
    pl.DataFrame({"n": range(3), "note": ["x", value, None]}).write_parquet(path, compression="zstd")


def _parquet_list(path: Path, value: str) -> None:
    pl.DataFrame({"list": [[value], ["x"]]}).write_parquet(path)


def _parquet_metadata(path: Path, value: str) -> None:
    pl.DataFrame({"n": [1]}).write_parquet(path, metadata={"note": value})


def _parquet_torn(path: Path, value: str) -> None:
    """As a killed writer leaves it: whole pages, no footer."""
    whole = io.BytesIO()
    frame = pl.DataFrame({"note": [f"{value} {n}" for n in range(500)]})
    frame.write_parquet(whole, compression="zstd", row_group_size=250, statistics=False)
    path.write_bytes(whole.getvalue()[: len(whole.getvalue()) * 3 // 4])


def _arrow(path: Path, value: str) -> None:
    pl.DataFrame({"note": [value] * 300}).write_ipc(path, compression="lz4")


def _zip_bytes(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


def _zip(path: Path, value: str) -> None:
    path.write_bytes(_zip_bytes("inner.zip", _zip_bytes("inner.csv", value.encode("cp932"))))


def _zip_name(path: Path, value: str) -> None:
    path.write_bytes(_zip_bytes(f"{value}.txt", b"nothing"))


def _tar(path: Path, value: str) -> None:
    with tarfile.open(path, "w:gz") as archive:
        content = value.encode()
        info = tarfile.TarInfo("member")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))


def _iso(path: Path, value: str) -> None:
    folder = path.with_suffix(".content")
    folder.mkdir()
    (folder / "inner.gz").write_bytes(gzip.compress(value.encode()))
    command = ["xorriso", "-as", "mkisofs", "-quiet", "-J", "-R", "-o", str(path), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    (folder / "inner.gz").unlink()


def _age(path: Path, value: str) -> None:
    path.write_bytes(pyrage.encrypt(_zip_bytes("a.csv", value.encode()), [IDENTITY.to_public()]))


def _sqlite(path: Path, value: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute('create table "odd name" (id integer, text text)')
        database.execute('insert into "odd name" values (1, ?)', (value,))
        database.commit()


def _sqlite_blob(path: Path, value: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("create table t (id integer, part blob)")
        database.execute("insert into t values (1, ?)", (zlib.compress(json.dumps({"v": value}).encode() * 9),))
        database.commit()


def _sqlite_wal(path: Path, value: str) -> None:
    """The row is in the write-ahead log alone: the database and its log are copied while a connection is open."""
    live = path.with_suffix(".live")
    with closing(sqlite3.connect(live)) as database:
        database.execute("pragma journal_mode=wal")
        database.execute("create table t (part blob)")
        database.commit()
        database.execute("pragma wal_checkpoint(truncate)")
        database.execute("insert into t values (?)", (zlib.compress(value.encode() * 20),))
        database.commit()
        wal = live.with_name(live.name + "-wal").read_bytes()
        path.write_bytes(live.read_bytes())
        path.with_name(path.name + "-wal").write_bytes(wal)
    live.unlink()


def _mail(encoding: str, transfer: str) -> Plant:
    def plant(path: Path, value: str) -> None:
        message = EmailMessage()
        message["To"] = "a@example.com"
        message.set_content("本文\n" + value + "\n", charset=encoding, cte=transfer)
        path.write_bytes(message.as_bytes())

    return plant


def _mail_subject(path: Path, value: str) -> None:
    subject = Header(f"件名 {value}", "utf-8").encode()
    path.write_bytes(f"From: a@example.com\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n\r\nx\r\n".encode())


def _mail_attachment(path: Path, value: str) -> None:
    message = EmailMessage()
    message.set_content("siehe Anlage")
    message.add_attachment(
        _zip_bytes("a", value.encode("utf-16")), maintype="application", subtype="zip", filename="a.zip"
    )
    path.write_bytes(message.as_bytes())


def _file_name(path: Path, value: str) -> None:
    path.with_name(f"{path.name}-{value.replace('/', '_')}.log").write_bytes(b"nothing")


def _folder_name(path: Path, value: str) -> None:
    folder = path.with_name(f"{path.name}-{value}")
    folder.mkdir()
    (folder / "leaf.txt").write_bytes(b"nothing")


PLANTS: dict[str, Plant] = {
    **{encoding: _text(encoding) for encoding in ("utf-8", "cp932", "utf-16", "utf-16-le", "utf-16-be", "iso2022_jp")},
    **{f"{encoding} among noise": _among_noise(encoding) for encoding in ("utf-8", "cp932", "utf-16-le", "utf-16-be")},
    "json escapes": lambda path, value: path.write_text(json.dumps({"a": [f"x{value}y"]})),
    "json in json": lambda path, value: path.write_text(json.dumps(json.dumps({"a": value}))),
    "percent": lambda path, value: path.write_text(f"GET /page?q={quote(value)}&r=1"),
    "html entities": lambda path, value: path.write_bytes(f"<p>{value}</p>".encode("ascii", "xmlcharrefreplace")),
    "html": lambda path, value: path.write_text(f"<td>{html.escape(value)}</td>"),
    **{f"base64 at {n}": _bytes(lambda b, n=n: b"id=" + base64.b64encode(b"x" * n + b)) for n in range(3)},  # type: ignore[misc]
    "base64url": _bytes(base64.urlsafe_b64encode),
    "gzip": _bytes(gzip.compress),
    "gzip inside": _bytes(lambda b: b"volume\0\0" + gzip.compress(b * 3) + b"more"),
    "bz2": _bytes(bz2.compress),
    "xz": _bytes(lzma.compress),
    "zlib": _bytes(zlib.compress),
    "parquet": _parquet,
    "parquet list": _parquet_list,
    "parquet metadata": _parquet_metadata,
    "parquet torn": _parquet_torn,
    "arrow": _arrow,
    "zip in zip": _zip,
    "zip names": _zip_name,
    "tar.gz": _tar,
    "iso": _iso,
    "age": _age,
    "sqlite": _sqlite,
    "sqlite blob": _sqlite_blob,
    "sqlite wal": _sqlite_wal,
    "mail base64": _mail("utf-8", "base64"),
    "mail quoted-printable": _mail("utf-8", "quoted-printable"),
    "mail 7bit": _mail("iso-2022-jp", "7bit"),
    "mail subject": _mail_subject,
    "mail attachment": _mail_attachment,
    "file name": _file_name,
    "folder name": _folder_name,
}


def _clean(folder: Path) -> None:
    """Every kind of place once, with a harmless text that looks like a value."""
    folder.mkdir()
    for number, plant in enumerate(PLANTS.values()):
        plant(folder / f"place{number}", "架空 はなし 99-9999")


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory, xorriso: str) -> Path:
    folder = Path(tmp_path_factory.mktemp("clean")) / "root"
    _clean(folder)
    return folder


def test_clean_places_give_no_hit(clean: Path, values: Values) -> None:
    assert search([clean], values, identities=[IDENTITY]) == []


@pytest.fixture(scope="module")
def found(
    tmp_path_factory: pytest.TempPathFactory, values: Values, planted: dict[str, str], xorriso: str
) -> dict[tuple[str, str], list[Hit]]:
    """(place, kind) -> what one search over all of them found there."""
    root = Path(tmp_path_factory.mktemp("planted"))
    places = list(PLANTS)
    for number, place in enumerate(places):
        for kind, value in planted.items():
            folder = root / str(number) / kind
            folder.mkdir(parents=True)
            PLANTS[place](folder / "planted", value)
    sorted_hits: dict[tuple[str, str], list[Hit]] = {}
    for hit in search([root], values, identities=[IDENTITY]):
        _, number, kind, *_ = Path(hit.file).parts
        sorted_hits.setdefault((places[int(number)], kind), []).append(hit)
    return sorted_hits


@pytest.mark.parametrize("place", PLANTS)
def test_every_kind_is_found_in_every_place(
    place: str, found: dict[tuple[str, str], list[Hit]], planted: dict[str, str]
) -> None:
    missed = {kind for kind in planted if kind not in {hit.kind for hit in found.get((place, kind), [])}}
    assert missed == set()


def test_no_hit_shows_a_value(found: dict[tuple[str, str], list[Hit]], planted: dict[str, str]) -> None:
    shown = repr(found)
    assert [kind for kind, value in planted.items() if value in shown] == []


def test_without_the_key_a_seal_hides_the_value_and_with_it_not(tmp_path: Path, planted: dict[str, str]) -> None:
    _age(tmp_path / "sealed", planted["name"])
    sought = [("name", planted["name"])]
    assert search([tmp_path], sought) == []
    assert search([tmp_path], sought, identities=[IDENTITY]) == [Hit("name", f"{tmp_path.name}/sealed", "/age/zip 1")]


def test_excluded_folders_are_not_looked_at(tmp_path: Path, planted: dict[str, str]) -> None:
    for name in ("in", "out"):
        (tmp_path / name / planted["name"]).mkdir(parents=True)
    hits = search([tmp_path], [("name", planted["name"])], excluding=[tmp_path / "out"])
    assert {hit.file for hit in hits} == {f"{tmp_path.name}/in"}


def test_a_search_for_nothing_or_in_nothing_is_no_clean_search(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no values"):
        search([tmp_path], [])
    with pytest.raises(FileNotFoundError):
        search([tmp_path / "gone"], [("name", "山田 太郎")])


def test_two_cells_of_small_numbers_are_no_insured_id_and_a_number_in_a_longer_one_neither() -> None:
    needles = Needles([("insured", "1976,6026"), ("insured", "19766026"), ("insured", "1976-6026")])
    assert needles.kinds_in(b"x,1976,6026,3\r\n2,119766026,a19766026f\r\n") == set()
    assert needles.kinds_in(b"x,19766026,3") == {"insured"}
    assert needles.kinds_in(b"x 1976-6026 3") == {"insured"}


def test_values_at_the_edges_of_blocks_are_found() -> None:
    from tests.support import needles as room

    for before in range(room._BLOCK - 20, room._BLOCK + 4):
        content = bytes(before) + "山田 太郎".encode()
        assert Needles([("name", "山田 太郎")]).kinds_in(content) == {"name"}


@pytest.mark.slow
def test_two_hundred_megabytes_and_sixty_thousand_values_take_less_than_a_minute(tmp_path: Path) -> None:
    write_world(tmp_path, seed=5, people=2600, months=["2025-04"])
    values = set(identifying_values(tmp_path / "truth"))
    assert len(values) > 60_000
    noise = np.random.default_rng(3).bytes(21_000_000)
    rows = b'1234,5678,"abc",2025-04,0901,12\r\n' * 600_000
    content = (noise + rows) * 5
    assert len(content) > 200_000_000
    began = time.process_time()
    needles = Needles(values)
    assert needles.kinds_in(content) == set()
    assert time.process_time() - began < 60
