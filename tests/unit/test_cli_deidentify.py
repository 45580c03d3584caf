"""`tokumei deidentify`: exit codes, JSON, all or nothing per file, and no value on any screen."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from provision import formats
from provision.cli import main
from provision.formats import uke_medical
from provision.sampledata import write_world
from tests.support.holding import HELD, RULE, Holding
from tests.support.intake import in_clear
from tests.support.packed import protected
from tests.support.uke import CHART, IR, KANA, NAME, Claim, encoded, file, lines

PLANTED = (NAME, NAME.split("　")[0], KANA, CHART)
BROKEN = encoded(lines(Claim(), Claim(), go="GO,9,9,99"))


def run(
    capsys: pytest.CaptureFixture[str], path: Path, out: Path, form: str = "uke-medical"
) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON; nothing planted may be on a screen or below `out`."""
    code = main(["deidentify", str(path), "--format", form, "--out", str(out), "--json"])
    printed = capsys.readouterr()
    assert not [text for text in PLANTED if text in printed.out + printed.err]
    assert not out.is_dir() or in_clear(out, *PLANTED) == []
    return code, json.loads(printed.out) if printed.out else {}


def put(folder: Path, **files: bytes) -> Path:
    folder.mkdir()
    for name, data in files.items():
        (folder / f"{name}.UKE").write_bytes(data)
    return folder


def folders(out: Path) -> list[str]:
    """Folders below the output that hold tables."""
    return sorted({p.parent.relative_to(out).as_posix() for p in out.rglob("*.parquet")})


def test_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in", a=file(Claim(reserved=NAME), Claim(points=3, birth="19560204")))
    code, said = run(capsys, source / "a.UKE", tmp_path / "out")
    (counts,) = said["files"]
    assert code == 0
    assert (counts["file"], counts["records"], counts["people"], counts["shared_cards"]) == ("file 1", 6, 2, 1)
    assert counts["totals"] == {"payers": 2, "points": 103}
    assert counts["warnings"] == {"reserved_filled:RE.15": 1}
    assert counts["rules"]["birth-month"] == 2
    assert counts["problem"] is None
    assert counts["tables"] == {"claim": 2, "insurance": 2, "control_total": 1}
    made = {p.stem: pl.read_parquet(p) for p in (tmp_path / "out").iterdir()}
    assert {name: frame.height for name, frame in made.items()} == counts["tables"]
    assert made["claim"]["birth_month"].to_list() == ["1956-02", "1956-02"]


def test_many_parcels_make_the_same_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_world(tmp_path / "world", seed=4, people=80, months=["2025-05"])
    path = tmp_path / "world" / "senders" / "kita-hospital" / "2025-05-1" / "RECEIPTC.UKE"
    assert run(capsys, path, tmp_path / "whole")[0] == 0
    monkeypatch.setattr(uke_medical, "CHUNK", 8_000)
    assert run(capsys, path, tmp_path / "pieces")[0] == 0
    for made in (tmp_path / "whole").iterdir():
        assert pl.read_parquet(made).equals(pl.read_parquet(tmp_path / "pieces" / made.name)), made.name


def test_a_refused_file_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in", a=BROKEN)
    code, said = run(capsys, source / "a.UKE", tmp_path / "out")
    assert code == 2
    problem = said["files"][0]["problem"]
    assert (problem["file"], problem["record"], problem["rule"]) == ("file 1", 6, "uke.totals")
    assert problem["remedy"]
    assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_of_files_is_all_or_nothing_file_by_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in", a=file(), b=BROKEN, c=b"", d=file(Claim(points=4)))
    (source / "batch.yaml").write_text("period: 2025-05")
    code, said = run(capsys, source, tmp_path / "out")
    assert code == 2
    rules = [entry["problem"] and entry["problem"]["rule"] for entry in said["files"]]
    assert rules == [None, "uke.totals", "uke.empty", None]
    assert folders(tmp_path / "out") == ["uke-medical/file-0001", "uke-medical/file-0004"]
    assert [entry["folder"] for entry in said["files"] if not entry["problem"]] == folders(tmp_path / "out")
    fourth = tmp_path / "out" / "uke-medical" / "file-0004" / "insurance.parquet"
    assert pl.read_parquet(fourth)["points"].to_list() == [4]


def test_a_file_that_turns_out_bad_at_its_end_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uke_medical, "CHUNK", 2_000)
    source = put(tmp_path / "in", a=encoded([IR, *[r for n in range(60) for r in Claim().records(n)]]))
    code, said = run(capsys, source / "a.UKE", tmp_path / "out")
    assert (code, said["files"][0]["problem"]["rule"]) == (2, "uke.no_go")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_defect_of_ours_leaves_nothing_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = put(tmp_path / "in", a=file())
    monkeypatch.setattr("provision.intake.offline.deidentify", lambda *_: 1 / 0)
    assert main(["deidentify", str(source / "a.UKE"), "--format", "uke-medical", "--out", str(tmp_path / "out")]) == 1
    assert list((tmp_path / "out").iterdir()) == []


def test_the_output_must_be_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in", a=file())
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    for out in (tmp_path / "full", tmp_path / "full" / "mine"):
        assert main(["deidentify", str(source), "--format", "uke-medical", "--out", str(out)]) == 5
    assert "empty" in capsys.readouterr().err
    assert (tmp_path / "full" / "mine").read_text() == "mine"


@pytest.mark.parametrize("path", ["missing", "nothing"])
def test_there_must_be_a_file(tmp_path: Path, path: str) -> None:
    (tmp_path / "nothing").mkdir()
    out = tmp_path / "out"
    assert main(["deidentify", str(tmp_path / path), "--format", "uke-medical", "--out", str(out)]) == 5
    assert not out.exists()


def test_the_format_must_be_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in", a=file())
    assert main(["deidentify", str(source), "--format", "uke-unheard-of", "--out", str(tmp_path / "out")]) == 5
    assert "uke-medical" in capsys.readouterr().err


def test_people_are_told_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in", a=file(), b=BROKEN)
    assert main(["deidentify", str(source), "--format", "uke-medical", "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().out
    assert "file 1: 4 records, 1 people" in said
    assert "file 2: refused, record 6 GO.claims: uke.totals" in said
    assert "2 files, 1 refused" in said


def test_it_needs_no_configuration_and_no_home(tmp_path: Path) -> None:
    """As a process of its own in an empty folder; the sender's file name stays unsaid."""
    source = put(tmp_path / "in", **{NAME: file()})
    command = [
        sys.executable,
        "-m",
        "provision.cli",
        "deidentify",
        "in",
        "--format",
        "uke-medical",
        "--out",
        "out",
        "--json",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"][0]["records"] == 4
    assert NAME not in done.stdout + done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out"]
    assert source.exists()


# formats told by content


@pytest.fixture
def two_formats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Claims, and claims that begin with a record nobody can decode; each format recognises its own."""
    for one in formats.formats().values():
        monkeypatch.setattr(type(one), "recognise", lambda *_: "", raising=False)
    told = lambda _, head: "its first record is IR" if head.startswith(b"IR,") else ""  # noqa: E731
    monkeypatch.setattr(type(uke_medical.FORMAT), "recognise", told)
    monkeypatch.setattr(Holding, "recognise", lambda _, head: "it holds ??" if head.startswith(b"??") else "")
    monkeypatch.setitem(formats.formats(), Holding().id, Holding())


def auto(capsys: pytest.CaptureFixture[str], path: Path, out: Path, *more: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and results; the format is not named."""
    code = main(["deidentify", str(path), "--out", str(out), "--json", *more])
    printed = capsys.readouterr()
    assert not [text for text in PLANTED if text in printed.out + printed.err]
    assert in_clear(out, *PLANTED) == []
    return code, json.loads(printed.out)["files"]


@pytest.mark.usefixtures("two_formats")
def test_each_file_of_a_folder_goes_to_its_own_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in", a=HELD + file(), b=file(), c=b"unheard of", d=b"", e=file(Claim(points=4)))
    code, said = auto(capsys, source, tmp_path / "out")
    assert code == 2
    assert [entry["format"] for entry in said] == ["held-claims", "uke-medical", "", "", "uke-medical"]
    assert [entry["reason"] for entry in said[:2]] == ["it holds ??", "its first record is IR"]
    assert [entry["edition"] for entry in said[:2]] == [uke_medical.FORMAT.dataset.edition] * 2
    assert [said[n]["problem"]["rule"] for n in (2, 3)] == ["format.unknown", "file.empty"]
    assert folders(tmp_path / "out") == ["held-claims/file-0001", "uke-medical/file-0002", "uke-medical/file-0005"]


@pytest.mark.usefixtures("two_formats")
def test_a_format_that_is_plainly_wrong_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(capsys, put(tmp_path / "in", a=file(Claim())) / "a.UKE", tmp_path / "out", "kaigo-claims")
    problem = said["files"][0]["problem"]
    assert (code, problem["rule"], "uke-medical" in problem["remedy"]) == (2, "format.another", True)


@pytest.mark.usefixtures("two_formats")
def test_records_left_out_are_told_and_kept_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in", a=HELD + file())
    code, (said,) = auto(capsys, source / "a.UKE", tmp_path / "out")
    assert (code, said["problem"], said["people"]) == (2, None, 1)
    assert [(one["file"], one["record"], one["rule"]) for one in said["held"]] == [("file 1", 1, RULE)]
    assert all(HELD[6:20] not in path.read_bytes() for path in (tmp_path / "out").iterdir())
    main(["deidentify", str(source / "a.UKE"), "--out", str(tmp_path / "again")])
    told = capsys.readouterr().out
    assert f"left out: record 1: {RULE}" in told
    assert "kept nowhere" in told


@pytest.mark.usefixtures("two_formats")
def test_nobody_guesses_between_two_formats(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Holding, "recognise", lambda *_: "it could be anything")
    code, (said,) = auto(capsys, put(tmp_path / "in", a=file()) / "a.UKE", tmp_path / "out")
    assert (code, said["problem"]["rule"]) == (2, "format.ambiguous")
    assert "held-claims, uke-medical" in said["problem"]["remedy"]
    assert folders(tmp_path / "out") == []


def test_a_folder_of_everything_is_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every format of the fictitious world at once; the truth knows of which format each file is."""
    write_world(tmp_path / "world", seed=4, people=150, months=["2025-05"], everything=True)
    code, said = auto(capsys, tmp_path / "world" / "senders", tmp_path / "out")
    lines = (tmp_path / "world" / "truth" / "files.jsonl").read_text("utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    deliveries = {one["format"]: one for one in told if one["file"] == "."}
    truth = {Path(one["source"]) / one["drop"] / one["file"]: one for one in told if one["file"] != "."}
    assert code == 0
    records = [entry for entry in said if entry["format"] not in deliveries]
    assert [entry["format"] for entry in records] == [truth[path]["format"] for path in sorted(truth)]
    for entry, path in zip(records, sorted(truth), strict=True):
        rows = sum(truth[path]["rows"].values())  # of messages the records are the messages, not their segments
        assert entry["records"] >= truth[path]["totals"].get("messages", rows) > 0, path
    for name, delivery in deliveries.items():
        entries = [entry for entry in said if entry["format"] == name]
        files = sum(entry["documents"] or 1 for entry in entries)
        assert files == delivery["totals"]["files"] - delivery["totals"]["passed_over"] > 0, name
        assert sum((Counter(entry["tables"]) for entry in entries), Counter()) == delivery["rows"], name
    for entry in said:
        made = {p.stem: pl.read_parquet(p).height for p in (tmp_path / "out" / entry["folder"]).iterdir()}
        assert made == entry["tables"], entry["file"]
    assert len({entry["format"] for entry in said}) > 20


# archives


def zipped(path: Path, **members: bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{NAME}/{name}.UKE", data)
            archive.writestr(f"{NAME}/{name}/batch.yaml", "period: 2025-05")
    return path


@pytest.mark.usefixtures("two_formats")
def test_files_in_archives_are_taken_like_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zipped(tmp_path / "in" / "a.zip", x=file(), y=BROKEN, z=HELD + file())
    (tmp_path / "in" / "b.UKE").write_bytes(file(Claim(points=4)))
    (tmp_path / "in" / "c.gz").write_bytes(gzip.compress(file(Claim(points=5))))
    code, said = auto(capsys, tmp_path / "in", tmp_path / "out")
    assert code == 2
    names = ["file 1 member 1", "file 1 member 3", "file 1 member 5", "file 2", "file 3 member 1"]
    assert [entry["file"] for entry in said] == names
    assert [entry["problem"] and entry["problem"]["rule"] for entry in said] == [None, "uke.totals", None, None, None]
    made = ["held-claims/file-0001-0005", *[f"uke-medical/file-{n}" for n in ("0001-0001", "0002", "0003-0001")]]
    assert folders(tmp_path / "out") == made


@pytest.mark.usefixtures("two_formats")
def test_an_archive_that_breaks_at_its_end_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = zipped(tmp_path / "in" / "a.zip", x=file(), y=file(Claim(points=4))).read_bytes()
    (tmp_path / "in" / "a.zip").write_bytes(whole[:-30])
    (tmp_path / "in" / "b.UKE").write_bytes(file())
    code, said = auto(capsys, tmp_path / "in", tmp_path / "out")
    assert (code, len(said)) == (2, 2)
    assert (said[0]["file"], said[0]["problem"]["rule"]) == ("file 1", "archive.broken")
    assert folders(tmp_path / "out") == ["uke-medical/file-0002"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["uke-medical"]


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    path = tmp_path / "locked.zip"
    path.write_bytes(protected("claims.UKE", file(), b"himitsu"))
    return path


@pytest.mark.usefixtures("two_formats")
def test_a_protected_archive_opens_with_the_password_of_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], locked: Path
) -> None:
    for name, password in (("right", b"himitsu\nsecond line\n"), ("wrong", b"himitsi")):
        (tmp_path / name).write_bytes(password)
    code, said = auto(capsys, locked, tmp_path / "out", "--password-file", str(tmp_path / "right"))
    assert (code, said[0]["people"], folders(tmp_path / "out")) == (0, 1, ["uke-medical/file-0001-0001"])
    code, said = auto(capsys, locked, tmp_path / "out2", "--password-file", str(tmp_path / "wrong"))
    assert (code, said[0]["problem"]["rule"]) == (2, "archive.wrong_password")
    code, said = auto(capsys, locked, tmp_path / "out3")
    assert (code, said[0]["problem"]["rule"]) == (2, "archive.password")
    assert "--password-file" in said[0]["problem"]["remedy"]
    assert [p for out in ("out2", "out3") for p in (tmp_path / out).iterdir()] == []


@pytest.mark.usefixtures("two_formats")
def test_a_person_at_a_terminal_is_asked_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], locked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda prompt, stream: asked.append(prompt) or "himitsu")
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        (tmp_path / "in" / f"{name}.zip").write_bytes(locked.read_bytes())
    code, said = auto(capsys, tmp_path / "in", tmp_path / "out")
    assert (code, len(said), len(asked)) == (0, 2, 1)


@pytest.mark.parametrize("content", [None, b"", b"\nlater"])
def test_a_password_file_without_a_password(tmp_path: Path, content: bytes | None) -> None:
    source, secret = put(tmp_path / "in", a=file()), tmp_path / "secret"
    if content is not None:
        secret.write_bytes(content)
    command = ["deidentify", str(source), "--out", str(tmp_path / "out"), "--password-file", str(secret)]
    assert main(command) == 5
    assert not (tmp_path / "out").exists()


# progress


@pytest.mark.parametrize(("more", "shown"), [((), True), (("--quiet",), False)])
@pytest.mark.usefixtures("two_formats")
def test_progress_is_shown_on_the_error_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, more: tuple[str], shown: bool
) -> None:
    monkeypatch.setattr("provision.intake.progress.Plain.every", 0.0)
    source = put(tmp_path / "in", **{NAME: file()})
    assert main(["deidentify", str(source), "--out", str(tmp_path / "out"), "--json", *more]) == 0
    printed = capsys.readouterr()
    assert ("file 1 of 1: 100 %" in printed.err) == shown
    assert json.loads(printed.out)["files"][0]["people"] == 1
    assert NAME not in printed.err
