"""An export proves what it says to somebody who has nothing but the file and a key; anything changed is found."""

from __future__ import annotations

import base64
import csv
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.cli import main
from provision.errors import LedgerBroken, Refused
from provision.exporting import forms, package, together, verifying
from provision.exporting.period import TOKYO, Period
from provision.ledger.merkle import Tree, inclusion_proof, leaf_hash
from provision.ledger.reading import LedgerReader
from tests.support import stories

QUARTER = Period(date(2025, 7, 1), date(2025, 9, 30))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("log")
    path = folder / "ledger" / "ledger.db"
    stories.write(path, 30)
    return path, stories.sign(path, folder / "key.pem")


@pytest.fixture(scope="module")
def made(log: tuple[Path, str]) -> bytes:
    with LedgerReader.read(log[0]) as ledger:
        return package.export(ledger, QUARTER, "json").content


def files(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(contents: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return made.getvalue()


@given(st.integers(1, 70), st.data())
def test_one_proof_for_many_gives_the_root_of_the_tree(size: int, data: st.DataObject) -> None:
    """Held to the tree of RFC 6962 itself; one hash changed, left out or added is refused or gives another root."""
    tree = Tree(leaf_hash(bytes([number])) for number in range(size))
    chosen = sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=1)))
    leaves = {number: leaf_hash(bytes([number])) for number in chosen}
    hashes = together.prove(chosen, size, lambda number: inclusion_proof(number, size, tree.get))
    assert together.root(leaves, size, hashes) == tree.root(size)
    assert not (len(chosen) == size and hashes)
    for wrong in (hashes[1:] if hashes else [bytes(32)], [*hashes, bytes(32)]):
        with pytest.raises(LedgerBroken):
            together.root(leaves, size, wrong)
    if hashes:
        at = data.draw(st.integers(0, len(hashes) - 1))
        assert together.root(leaves, size, [*hashes[:at], bytes(32), *hashes[at + 1 :]]) != tree.root(size)
    other = {**leaves, chosen[0]: leaf_hash(b"another")}
    assert together.root(other, size, hashes) != tree.root(size)


def test_a_stretch_needs_few_hashes() -> None:
    tree = Tree(leaf_hash(number.to_bytes(4)) for number in range(3000))
    hashes = together.prove(range(500, 2500), 3000, lambda number: inclusion_proof(number, 3000, tree.get))
    assert len(hashes) <= 24


@pytest.mark.parametrize("form", ["csv", "json", "pdf"])
def test_every_form_is_verified_offline_and_twice_is_once(
    log: tuple[Path, str], form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, key = log
    period = ["--since", "2025-07-01", "--until", "2025-09-30"]
    assert main(["export", "write", *period, "--form", form, "--out", str(tmp_path), "--path", str(path)]) == 0
    file = Path(capsys.readouterr().out.strip())
    first = file.read_bytes()
    assert main(["export", "write", *period, "--form", form, "--out", str(tmp_path), "--path", str(path)]) == 0
    assert file.read_bytes() == first
    capsys.readouterr()
    alone = tmp_path / "alone" / file.name  # nothing of the platform lies beside it
    alone.parent.mkdir()
    file.rename(alone)
    assert main(["export", "verify", str(alone), "--key", key, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["form"], told["since"]) == (True, form, "2025-07-01")
    assert told["provisions"] > 3


def test_the_report_says_what_the_log_says(log: tuple[Path, str], made: bytes) -> None:
    said = json.loads(files(made)["provision-log_2025-07-01_2025-09-30.json"])
    with LedgerReader.read(log[0]) as ledger:
        inside = [e for e in ledger.entries() if QUARTER.side(e) == 0]
        handed = [e for e in inside if e.type == "delivery.handed_over"]
        assert said["provisions"] == len(handed) == sum(count for _, count in said["by_month"])
        assert [name for name, _ in said["by_month"]] == ["2025-07", "2025-08", "2025-09"]
        assert (said["first"], said["last"]) == (inside[0].seq, inside[-1].seq)
        assert {line["release"] for line in said["lines"]} == {
            e.subjects["release"] for e in inside if "release" in e.subjects
        }
        for line in said["lines"]:
            before = [e for e in ledger.entries(kind="release", subject=line["release"]) if e.seq <= said["last"]]
            assert line["entries"] == " ".join(str(e.seq) for e in before)
            drafted = before[0]
            assert line["purpose"] == drafted.payload["purpose"]
            assert line["drafted_at"] == drafted.when.astimezone(TOKYO).isoformat(timespec="seconds")


def test_the_table_is_one_for_spreadsheets(log: tuple[Path, str]) -> None:
    with LedgerReader.read(log[0]) as ledger:
        content = files(package.export(ledger, QUARTER, "csv").content)
    text = content["provision-log_2025-07-01_2025-09-30.csv"]
    assert text.startswith(b"\xef\xbb\xbfrelease,plan,recipient,")
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))
    assert {row["state"] for row in rows} >= {"open", "rejected"}
    assert forms._cell("=SUM(A1)") == "'=SUM(A1)"


def changed(**values: object) -> Callable[[dict[str, Any]], object]:
    return lambda proof: proof.update(values)


def entry(proof: dict[str, Any], at: int, old: bytes, new: bytes) -> None:
    data = base64.b64decode(proof["entries"][at])
    assert old in data
    proof["entries"][at] = base64.b64encode(data.replace(old, new)).decode()


@pytest.mark.parametrize(
    "tamper",
    [
        lambda p: p["entries"].pop(5),
        lambda p: p["entries"].reverse(),
        lambda p: p["entries"].append(p["entries"][-1]),
        lambda p: p["hashes"].pop(),
        lambda p: p["hashes"].append(base64.b64encode(bytes(32)).decode()),
        lambda p: entry(p, 4, b'"version":1', b'"version":2'),
        lambda p: entry(p, 4, b"fictitious", b"Fictitious"),
        lambda p: p.update(first=p["first"] + 1),
        lambda p: p.update(last=p["last"] - 1),
        lambda p: p.update(last=p["last"] + 4_000_000),
        lambda p: p.update(first=-1),
        changed(since="2025-06-20"),
        changed(until="2025-09-01"),
        changed(until="2025-10-20"),
        changed(until="2025-01-01"),
        changed(form="csv"),
        changed(format="another/1"),
        changed(more=1),
        lambda p: p.update(checkpoint=p["checkpoint"].replace("\n", "\n ", 1)),
        lambda p: p.update(checkpoint=p["checkpoint"].rpartition("—")[0] + "\n"),
        lambda p: p.update(entries=["!"]),
    ],
)
def test_whatever_is_changed_in_the_proof_is_found(
    log: tuple[Path, str], made: bytes, tamper: Callable[[dict[str, Any]], object]
) -> None:
    contents = files(made)
    proof = json.loads(contents["proof.json"])
    tamper(proof)
    with pytest.raises(LedgerBroken):
        verifying.verify(packed({**contents, "proof.json": json.dumps(proof).encode()}), log[1])


def test_a_changed_report_another_key_and_other_files_are_found(
    log: tuple[Path, str], made: bytes, tmp_path: Path
) -> None:
    key = log[1]
    contents = files(made)
    name = next(name for name in contents if name != "proof.json")
    other = stories.Signer.create(tmp_path / "other.pem", "example.invalid/provision-log").public
    verifying.verify(made, f"{other}\n{key}")  # after a change of key both are given
    for content, keys in (
        (packed({**contents, name: contents[name].replace(b'"people": 4', b'"people": 5')}), key),
        (packed({**contents, "more.txt": b""}), key),
        (packed({name: contents[name]}), key),
        (packed({"report.txt": contents[name], "proof.json": contents["proof.json"]}), key),
        (made, other),
        (b"", key),
        (b"PK\x03\x04 no archive", key),
    ):
        with pytest.raises(LedgerBroken):
            verifying.verify(content, keys)


def test_a_period_without_entries_is_proved_to_have_none(log: tuple[Path, str]) -> None:
    path, key = log
    with LedgerReader.read(path) as ledger:
        for days in ((date(2025, 4, 4), date(2025, 4, 5)), (date(2020, 1, 1), date(2020, 12, 31)),
                     (date(2040, 1, 1), date(2040, 12, 31))):  # fmt: skip
            found = verifying.verify(package.export(ledger, Period(*days), "csv").content, key)
            assert (found.releases, found.provisions, found.last) == (0, 0, found.first - 1)
        always = Period(date(2020, 1, 1), date(2040, 1, 1))
        whole = verifying.verify(package.export(ledger, always, "json").content, key)
        assert (whole.first, whole.last, whole.size) == (0, ledger.size - 1, ledger.size)


def test_nothing_is_exported_that_nobody_signed(log: tuple[Path, str], tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    stories.write(path, 2)
    with LedgerReader.read(path) as ledger, pytest.raises(Refused, match="checkpoint"):
        package.export(ledger, QUARTER, "csv")
    key = stories.sign(path, tmp_path / "key.pem")
    with stories.Ledger.open(path) as more:
        signed = more.size
        stories.release(more, 50, "open")
    with LedgerReader.read(path) as ledger:
        made = package.export(ledger, Period(date(2020, 1, 1), date(2040, 1, 1)), "json").content
    assert verifying.verify(made, key).last == signed - 1


def test_bad_wishes_are_refused(log: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match="ends before"):
        Period(date(2025, 2, 1), date(2025, 1, 1))
    with LedgerReader.read(log[0]) as ledger:
        with pytest.raises(Refused, match="form"):
            package.export(ledger, QUARTER, "xlsx")
        monkeypatch.setattr("provision.exporting.period.MOST", 3)
        with pytest.raises(Refused, match="shorter"):
            package.export(ledger, QUARTER, "csv")
