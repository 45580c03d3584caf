"""The payload: a bag that strangers' tools verify, the same bytes for the same tables, everything in two languages."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import subprocess
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision import agefiles, releasing
from provision.model import AgeKey
from provision.packaging import sealing
from provision.packaging.bag import bag_digest, close_bag
from provision.packaging.encryption import schemes
from provision.packaging.payload import build_payload, documents
from provision.releasing.making import made_folder
from provision.releasing.tables import layout
from tests.support.house import ACTOR, House

PLAN = "linked-for-pharma"


@pytest.fixture
def bag(house: House) -> Path:
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    releasing.make(ctx, release, actor=ACTOR)
    return made_folder(ctx, release) / "bag"


def checked(bag: Path) -> set[str]:
    """RFC 8493 read anew: every file listed once, every digest right, the declaration there. The payload's files."""
    assert (bag / "bagit.txt").read_bytes() == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    listed: dict[str, str] = {}
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        for line in (bag / manifest).read_text("utf-8").splitlines():
            digest, name = line[:64], line[66:]
            assert line[64:66] == "  "
            assert name not in listed
            listed[name] = digest
    files = {path.relative_to(bag).as_posix() for path in bag.rglob("*") if path.is_file()}
    assert files == listed.keys() | {"tagmanifest-sha256.txt"}
    for name, digest in listed.items():
        assert hashlib.sha256((bag / name).read_bytes()).hexdigest() == digest
    info = dict(line.split(": ", 1) for line in (bag / "bag-info.txt").read_text("utf-8").splitlines())
    payload = {name for name in files if name.startswith("data/")}
    assert info["Payload-Oxum"] == f"{sum((bag / name).stat().st_size for name in payload)}.{len(payload)}"
    return payload


def test_strangers_tools_verify_it(bag: Path) -> None:
    tables = {
        f"data/tables/{t}.{kind}" for t in ("claim", "diagnosis", "drug", "care_claim") for kind in ("parquet", "csv")
    }
    assert checked(bag) == tables | set(documents())
    if shutil.which("sha256sum"):
        for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
            subprocess.run(["sha256sum", "--quiet", "--strict", "-c", manifest], cwd=bag, check=True)
    assert bag_digest(bag) == hashlib.sha256((bag / "tagmanifest-sha256.txt").read_bytes()).hexdigest()


def test_the_same_tables_give_the_same_bytes(house: House, bag: Path, tmp_path: Path) -> None:
    ctx = house.open()
    plan = ctx.plan(PLAN)
    shapes = layout(plan, ctx.catalogue)
    frames = {s.name: pl.read_parquet(bag / f"data/tables/{s.name}.parquet") for s in shapes}
    profile = ctx.profile(plan.profile)
    one, other = (
        build_payload(ctx, "r-1", plan, profile, shapes, frames, tmp_path / name, day)
        for name, day in (("one", "2026-11-23"), ("other", "2026-11-23"))
    )
    assert one == other
    assert build_payload(ctx, "r-1", plan, profile, shapes, frames, tmp_path / "later", "2026-11-24") != one
    assert checked(tmp_path / "one") == checked(tmp_path / "other")


def test_both_formats_say_the_same(bag: Path) -> None:
    for path in sorted((bag / "data/tables").glob("*.parquet")):
        frame = pl.read_parquet(path)
        raw = path.with_suffix(".csv").read_bytes()
        assert raw.count(b"\r\n") == raw.count(b"\n") == frame.height + 1
        text = pl.read_csv(raw, infer_schema=False).with_columns(pl.all().replace("", None))
        assert text.equals(frame.select(pl.all().cast(pl.String).replace("", None)))


def test_the_documents_name_every_column_in_both_languages(house: House, bag: Path) -> None:
    ctx = house.open()
    shapes = layout(ctx.plan(PLAN), ctx.catalogue)
    described = json.loads((bag / "data/datapackage.json").read_text("utf-8"))["resources"]
    assert [r["name"] for r in described if r["format"] == "csv"] == [f"{s.name}-csv" for s in shapes]
    assert [[f["name"] for f in r["schema"]["fields"]] for r in described if r["format"] == "csv"] == [
        [c.name for c in s.columns] for s in shapes
    ]
    for language in ("ja", "en"):
        with (bag / f"data/codebook/codebook.{language}.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))[1:]
        assert [(r[0], r[1], r[2]) for r in rows] == [
            (s.name, c.name, getattr(c, language)) for s in shapes for c in s.columns
        ]
        assert all(row[3] and row[4] for row in rows)
        page = (bag / f"data/codebook/codebook.{language}.html").read_text("utf-8")
        assert all(f"<td>{c.name}</td>" in page for s in shapes for c in s.columns)
    readme = (bag / "data/README_匿名加工情報.txt").read_text("utf-8")
    assert all(word in readme for word in ("匿名加工情報", "anonymously processed information", "第45条", "Article 45"))


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4), st.data())
def test_a_bag_that_is_not_whole_has_no_digest(contents: list[bytes], data: st.DataObject) -> None:
    """Whatever single thing is changed, added, removed or renamed."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "bag"
        (root / "data").mkdir(parents=True)
        for number, content in enumerate(contents):
            (root / f"data/{number}.bin").write_bytes(content)
        digest = close_bag(root, {"External-Identifier": "x"})
        assert bag_digest(root) == digest != ""
        path = data.draw(st.sampled_from(sorted(p for p in root.rglob("*") if p.is_file())))
        match data.draw(st.sampled_from(["append", "remove", "rename", "add"])):
            case "append":
                path.write_bytes(path.read_bytes() + b"x")
            case "remove":
                path.unlink()
            case "rename":
                path.rename(path.with_name("renamed"))
            case _:
                (path.parent / "added").touch()
        assert bag_digest(root) != digest


def test_sealing_that_fails_leaves_nothing(bag: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyrage

    own = str(pyrage.x25519.Identity.generate().to_public())
    keys = [AgeKey(kind="age", key=own, confirmed_on=date(2026, 4, 1), confirmed_by="data-team")]

    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    for place, name in ((sealing, "write_zip"), (agefiles, "encrypt")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, broken)
            with pytest.raises(OSError, match="disk is full"):
                sealing.seal_bag(bag, "r-1", tmp_path / "out.age", schemes()["age"], keys)
        assert list(tmp_path.glob("*.age*")) == list(tmp_path.glob(".out*")) == []
    digest, size = sealing.seal_bag(bag, "r-1", tmp_path / "out.age", schemes()["age"], keys)
    assert (tmp_path / "out.age").stat().st_size == size
    assert hashlib.sha256((tmp_path / "out.age").read_bytes()).hexdigest() == digest
