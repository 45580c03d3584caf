"""Provisions of personal data: registered with their document, never a release, and nobody's name in the log."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from provision import personalregister
from provision.cli import main
from provision.context import Context, open_context
from provision.errors import Refused
from provision.ledger.verify import verify
from provision.personalregister import BASIS, Case, Provision, listed, register

ACTOR = "operator:test"
SAID = Provision(
    direction="provided", case=Case.LAW, on=date(2026, 11, 20), party="架空県警察本部", items=("氏名", "受診年月日"),
    persons=1, acquired="架空病院から委託契約により受領", basis="刑事訴訟法第197条第2項（捜査関係事項照会）",
    reference="照会綴 2026-12",
)  # fmt: skip


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return open_context(folder=Path("config").resolve(), home=tmp_path / "home")


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "inquiry.pdf"
    path.write_bytes("架空 太郎 に関する照会".encode())
    return path


def test_what_the_act_asks_for_is_in_the_log_and_the_person_is_not(ctx: Context, document: Path) -> None:
    made = register(ctx, SAID, document, actor=ACTOR)
    (entry,) = ctx.ledger.entries(type="personal.provided")
    assert entry.payload["document_sha256"] == hashlib.sha256(document.read_bytes()).hexdigest()
    assert (made.id, made.provision, made.actor) == (entry.subjects["personal"], SAID, ACTOR)
    assert {"on", "party", "items", "acquired", "case", "persons", "basis", "reference"} <= entry.payload.keys()
    assert "太郎" not in ctx.ledger.entry_bytes(entry.seq).decode()
    assert verify(ctx.zones.ledger(), public_key=ctx.signer.public).ok


@pytest.mark.parametrize("case", list(Case))
def test_each_of_the_five_cases_has_its_place_in_the_act(ctx: Context, document: Path, case: Case) -> None:
    assert register(ctx, replace(SAID, case=case), document, actor=ACTOR).provision.case is case
    assert all(text.strip() for text in BASIS[case])


def test_the_same_again_is_one_entry(ctx: Context, document: Path) -> None:
    first = register(ctx, SAID, document, actor=ACTOR)
    assert register(ctx, SAID, document, actor="operator:other").id == first.id
    assert len(listed(ctx)) == 1
    document.write_bytes(b"another document")
    register(ctx, SAID, document, actor=ACTOR)
    assert len(listed(ctx)) == 2


def test_it_is_never_a_release(ctx: Context, document: Path) -> None:
    made = register(ctx, SAID, document, actor=ACTOR)
    assert ctx.ledger.state("release", made.id) == ""
    assert not list(ctx.ledger.entries(type="release."))


@pytest.mark.parametrize(
    ("recorded", "until"),
    [
        (datetime(2026, 11, 20, 3, tzinfo=UTC), date(2029, 11, 20)),
        (datetime(2026, 12, 31, 15, tzinfo=UTC), date(2030, 1, 1)),  # the first of January in Japan
        (datetime(2028, 2, 29, 3, tzinfo=UTC), date(2031, 3, 1)),
    ],
)
def test_a_record_is_kept_for_three_years_from_its_day_in_japan(recorded: datetime, until: date) -> None:
    assert personalregister._kept_until(recorded) == until


BROKEN: dict[str, tuple[str, Callable[[Provision], Provision]]] = {
    "a day to come": ("on", lambda p: replace(p, on=date(2999, 1, 1))),
    "nobody": ("persons", lambda p: replace(p, persons=0)),
    "no items": ("items", lambda p: replace(p, items=())),
    "an empty item": ("items", lambda p: replace(p, items=("氏名", " "))),
    "no third party": ("party", lambda p: replace(p, party="")),
    "no way of acquiring": ("acquired", lambda p: replace(p, acquired="")),
    "no basis": ("basis", lambda p: replace(p, basis="")),
    "no reference": ("reference", lambda p: replace(p, reference="")),
    "a line break": ("basis", lambda p: replace(p, basis="一\n二")),
    "a name": ("party", lambda p: replace(p, party="架空 太郎に提供")),
    "a telephone number": ("acquired", lambda p: replace(p, acquired="電話 090-1234-5678 で受けた")),
}


@pytest.mark.parametrize(("key", "change"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_missing_or_names_somebody_is_refused(
    ctx: Context, document: Path, key: str, change: Callable[[Provision], Provision]
) -> None:
    with pytest.raises(Refused) as refused:
        register(ctx, change(SAID), document, actor=ACTOR)
    assert refused.value.rule == f"personal.{key}"
    assert "太郎" not in str(refused.value)
    assert "090" not in str(refused.value)
    assert ctx.ledger.size == 0


@pytest.mark.parametrize("content", [None, b""])
def test_without_its_document_nothing_is_registered(ctx: Context, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "missing.pdf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Refused, match="document"):
        register(ctx, SAID, path, actor=ACTOR)
    assert ctx.ledger.size == 0


def test_a_mistake_is_corrected_by_another_entry(ctx: Context, document: Path) -> None:
    first = register(ctx, SAID, document, actor=ACTOR)
    second = register(ctx, replace(SAID, persons=2), document, actor=ACTOR, corrects=first.id)
    assert {one.id: one.corrected_by for one in listed(ctx)} == {first.id: second.id, second.id: ""}
    with pytest.raises(Refused, match="no such entry"):
        register(ctx, SAID, document, actor=ACTOR, corrects="p-000000000000")


def test_the_commands(
    ctx: Context, document: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOKUMEI_CONFIG", str(ctx.config_folder))
    monkeypatch.setenv("TOKUMEI_HOME", str(ctx.zones.home))
    words = [
        "--case", "research", "--on", "2026-11-20", "--party", "架空大学", "--item", "氏名", "--item", "検査結果",
        "--persons", "12", "--acquired", "架空病院から受領", "--basis", "共同研究計画 2026-03",
        "--reference", "研究綴 7", "--document", str(document),
    ]  # fmt: skip
    assert main(["personal", "list"]) == 0
    assert "nothing registered" in capsys.readouterr().out
    assert main(["personal", "register", *words]) == 0
    assert main(["personal", "register", *words, "--direction", "received", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.partition("\n")[2])
    assert (told["direction"], told["persons"], told["law"]["ja"]) == ("received", 12, BASIS[Case.RESEARCH][0])
    for more, expected in (
        (["--case", "research"], 2),
        (["--case", "law"], 0),
        (["--year", "2026"], 2),
        (["--year", "2025"], 0),
    ):
        assert main(["personal", "list", *more, "--json"]) == 0
        assert len(json.loads(capsys.readouterr().out)) == expected
    assert main(["personal", "register", *words[:-1], "/nowhere"]) == 6
