"""Erasing looks into quarantine: what is theirs goes, what may be or cannot be searched is named, others' stays."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from provision import cli
from provision.context import Context
from provision.errors import Quarantined, Refused
from provision.intake import receive, take_in
from provision.intake.looking import batches, held_records
from provision.intake.quarantine import key_name
from provision.intake.sealed import manifest
from provision.persons.erasing import carry_out
from provision.persons.requests import ask
from provision.retention.removing import ranges, remove
from tests.support.intake import ACTOR, drop, hospital, in_clear, linkage, platform
from tests.support.leaving import FIRST, SECOND, asked, gone, wish
from tests.support.lives import bill
from tests.support.uke import file

SOURCE = "test-hospital"
B, C, D = (bill(who, "2025-04") for who in "BCD")


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return platform(tmp_path, hospital(linkage=linkage()))


def kept(ctx: Context, *files: bytes, names: tuple[str, ...] = ()) -> str:
    """A batch of which these files were refused and another was taken."""
    named = names or tuple(f"f{number}.UKE" for number in range(len(files)))
    drop(ctx, SOURCE, dict(zip(named, files, strict=True)) | {"z.UKE": file(D)})
    (batch,) = receive(ctx, SOURCE, actor=ACTOR)
    take_in(ctx, batch, actor=ACTOR)
    return batch


def turned_away(ctx: Context, files: dict[str, bytes]) -> str:
    """A drop whose card is none, as it was sent."""
    drop(ctx, SOURCE, files, "away", card="period: spring\n")
    with pytest.raises(Quarantined):
        receive(ctx, SOURCE, actor=ACTOR)
    return next(batch for batch in batches(ctx) if batch.startswith("Q"))


def names_in(ctx: Context, batch: str) -> list[int]:
    folder = ctx.zones.quarantine() / batch
    return [item.number for item in manifest(folder, ctx.keys.identity(key_name(batch)))]


def on_disk(ctx: Context, batch: str) -> list[str]:
    return sorted(path.name for path in (ctx.zones.quarantine() / batch).iterdir())


def test_a_file_of_theirs_goes_and_the_others_stay(ctx: Context) -> None:
    batch = kept(ctx, file(C)[:-30], file(B, C)[:-30], file(C)[:-40])
    assert names_in(ctx, batch) == [1, 2, 3]
    id, done = gone(ctx, asked("B"))
    assert (done["from_quarantine"], done["in_quarantine"]) == ({batch: {"files": "2", "records": 0}}, {})
    assert on_disk(ctx, batch) == ["0001.age", "0001.header", "0003.age", "0003.header", "manifest.age", "report.json"]
    assert names_in(ctx, batch) == [1, 3]
    (entry,) = ctx.ledger.entries(type="quarantine.removed", kind="batch", subject=batch)
    assert entry.payload == {"files": "2", "records": 0, "reference": id}


def test_where_nothing_is_left_the_quarantine_ends(ctx: Context) -> None:
    batch = kept(ctx, file(B)[:-30])
    gone(ctx, asked("B"))
    assert batches(ctx) == []
    assert not ctx.keys.exists(key_name(batch))
    assert len(list(ctx.ledger.entries(type="quarantine.destroyed"))) == 1


def test_of_records_that_were_left_out_theirs_go(ctx: Context) -> None:
    """Both claims have a name that is no text; what remains of them says whose they are."""
    data = file(B, C, D)
    for claim in (B, C):
        name = claim.name.encode("cp932")
        data = data.replace(name, b"\x81\xff\xff\xfd" + name[6:])
    batch = kept(ctx, data)
    assert len(held_records(ctx, batch, 1)) == 2
    _, done = gone(ctx, asked("B"))
    assert done["from_quarantine"] == {batch: {"files": "", "records": 1}}
    (left,) = held_records(ctx, batch, 1)
    assert C.chart.encode() in left.raw
    gone(ctx, asked("C"))
    assert batches(ctx) == []


def test_what_the_numbers_alone_say_its_format_says(ctx: Context) -> None:
    """Without a name there are short numbers and a birth, which are in many files: the reader knows whose they are."""
    batch = turned_away(ctx, {"a.UKE": file(B, C), "b.UKE": file(C, D)})
    _, done = gone(ctx, asked("B", name="", kana=""))
    assert done["from_quarantine"] == {batch: {"files": "1", "records": 0}}


def test_an_archive_is_opened_and_one_that_cannot_be_is_named(ctx: Context) -> None:
    closed, picture = b"7z\xbc\xaf\x27\x1c" + bytes(90), b"\x89PNG\r\n\x1a\n" + bytes(90)
    batch = turned_away(ctx, {"a.zip": packed(file(B)), "b.zip": packed(file(C)), "c.7z": closed, "d.png": picture})
    _, done = gone(ctx, asked("B"))
    assert done["from_quarantine"] == {batch: {"files": "1", "records": 0}}
    assert done["in_quarantine"] == {batch: {"perhaps": "", "unread": "3-4"}}


def packed(content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("x.UKE", content)
    return made.getvalue()


def test_a_namesake_is_named_and_stays_unless_it_was_asked_otherwise(ctx: Context) -> None:
    namesake = C.but(name=B.name)
    batch = kept(ctx, file(namesake)[:-30])
    assert gone(ctx, asked("B"))[1]["in_quarantine"] == {batch: {"perhaps": "1", "unread": ""}}
    _, done = gone(ctx, asked("B"), quarantine=True)
    assert (done["from_quarantine"], done["in_quarantine"]) == ({batch: {"files": "1", "records": 0}}, {})
    assert batches(ctx) == []


def test_the_senders_name_of_a_file_may_say_who_it_is(ctx: Context) -> None:
    batch = kept(ctx, b"nothing of anybody", names=(f"{B.name}.UKE",))
    assert gone(ctx, asked("B"))[1]["in_quarantine"] == {batch: {"perhaps": "2", "unread": ""}}


def test_a_sealed_file_that_was_changed_is_named(ctx: Context) -> None:
    batch = kept(ctx, file(C)[:-30], file(B)[:-30])
    path = ctx.zones.quarantine() / batch / "0001.age"
    path.write_bytes(path.read_bytes()[:-5])
    _, done = gone(ctx, asked("B"))
    assert done["in_quarantine"] == {batch: {"perhaps": "", "unread": "1"}}
    (ctx.zones.quarantine() / batch / "manifest.age").write_bytes(b"changed")
    assert gone(ctx, asked("C"))[1]["in_quarantine"] == {batch: {"perhaps": "", "unread": "1"}}


@pytest.mark.parametrize("step", ["_noise", "_names", "Quarantine.end"])
def test_a_run_that_died_is_finished_by_the_next(ctx: Context, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = kept(ctx, file(B)[:-30])
    id, _ = ask(ctx, asked("B"), wish(), actor=FIRST)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(f"provision.retention.removing.{step}", die)
        with pytest.raises(Killed):
            carry_out(ctx, id, actor=SECOND)
    done = carry_out(ctx, id, actor=SECOND)
    assert done["from_quarantine"] == {batch: {"files": "1", "records": 0}}
    assert batches(ctx) == []
    assert len(list(ctx.ledger.entries(type="quarantine.removed"))) == 1


def test_what_was_removed_opens_with_no_key_any_more(ctx: Context, tmp_path: Path) -> None:
    """A copy of the disk's blocks, and the key: the body alone is noise, and a header that was in the file is gone."""
    batch = turned_away(ctx, {"a.UKE": file(B), "b.UKE": file(C)})
    sealed = ctx.zones.quarantine() / batch / "0001.age"
    (tmp_path / "same-blocks.age").hardlink_to(sealed)
    remove(ctx, batch, [1], reference="R-1", actor=ACTOR)
    assert not (tmp_path / "same-blocks.age").read_bytes().startswith(b"age-encryption.org")


def test_nothing_of_the_search_is_written(ctx: Context, tmp_path: Path) -> None:
    kept(ctx, file(B)[:-30], file(B.but(birth="19530204"))[:-30])
    gone(ctx, asked("B"))
    assert in_clear(tmp_path, B.name, B.chart, B.birth) == []


def test_a_steward_removes_a_file_by_command(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = kept(ctx, file(B)[:-30], file(C)[:-30])
    monkeypatch.setattr("provision.context.open_context", lambda: ctx)
    words: list[Any] = ["quarantine", "remove", batch, "2", "--reference", "R-2026/014"]
    assert cli.main(words) == 0
    assert names_in(ctx, batch) == [1]
    assert cli.main(words) == 6
    assert "quarantine.none" in capsys.readouterr().err
    assert cli.main(["quarantine", "remove", batch, "1", "--reference", "架空　花子"]) == 6
    assert len(list(ctx.ledger.entries(type="quarantine.removed"))) == 1


def test_nothing_of_a_batch_without_quarantine_is_removed(ctx: Context) -> None:
    remove(ctx, "B0000000000000000", [1], reference="R-1", actor=ACTOR)
    assert not list(ctx.ledger.entries(type="quarantine.removed"))
    with pytest.raises(Refused):
        held_records(ctx, "B0000000000000000", 1)


@pytest.mark.parametrize(
    ("numbers", "told"), [([], ""), ([3], "3"), ([2, 1, 3, 7], "1-3, 7"), ([1, 3, 5], "1, 3, 5"), ([2, 2], "2")]
)
def test_numbers_as_the_log_tells_them(numbers: list[int], told: str) -> None:
    assert ranges(numbers) == told
