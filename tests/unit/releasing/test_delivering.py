"""Delivering: once, recorded before and after, only what the log proves, sealed once, opened by its two keys."""

from __future__ import annotations

import io
import json
import multiprocessing
import shutil
import sqlite3
import subprocess
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyrage
import pytest
from channels_in_test import Killed, Letterbox

from provision import approvals, cli, releasing
from provision.errors import DeliveryUnknown, FixConfiguration, LedgerBroken, Refused, RetryLater
from provision.releasing import delivering, verdicts
from provision.releasing.making import made_folder
from provision.releasing.resolving import resolve
from tests.support.house import ACTOR, House
from tests.support.lives import withdraw_everybody

PLAN_FILE, RECIPIENT_FILE = "releases/claims-for-university.yaml", "recipients/tsukishima-university.yaml"
Put = Callable[..., Letterbox]


def order_of(release: str) -> str:
    return f"{release}.tsukishima-university.mail.1"


def story(house: House) -> list[str]:
    """Types of the delivery's entries, in order."""
    return [e.type.removeprefix("delivery.") for e in house.open().ledger.entries(type="delivery.")]


def state(house: House, release: str) -> tuple[str, str]:
    ledger = house.open().ledger
    return ledger.state("delivery", order_of(release)), ledger.state("release", release)


def deliver(house: House, release: str) -> dict[str, object]:
    return releasing.deliver(house.open(), release, actor=ACTOR)


@pytest.mark.parametrize("at_most_once", [False, True])
def test_intent_before_outcome_after_and_once(house: House, published: str, letterbox: Put, at_most_once: bool) -> None:
    box = letterbox(at_most_once=at_most_once)
    box.before = lambda: seen.extend(story(house))
    seen: list[str] = []
    receipt = deliver(house, published)
    assert seen == ["ordered", "sealed", "attempting"]
    assert story(house) == ["ordered", "sealed", "attempting", "handed_over"]
    assert deliver(house, published) == receipt
    assert (box.deliveries, box.attempts) == (1, [1])
    assert state(house, published) == ("handed_over", "open")
    assert receipt["order"] == order_of(published)


def test_too_early_says_what_comes_before(house: House, gated: str, letterbox: Put) -> None:
    """Nothing is wrong with the release: it waits for officers and the announcement."""
    box = letterbox(at_most_once=False)
    with pytest.raises(Refused, match="it is gated, not published") as refused:
        deliver(house, gated)
    assert refused.value.rule == "deliver.state"
    assert refused.value.remedy == "nothing was sent; deliver when it is approved and published"
    assert (box.attempts, story(house)) == ([], [])


def test_with_somebody_withdrawn_since_nothing_is_sent(house: House, published: str, letterbox: Put) -> None:
    box = letterbox(at_most_once=False)
    withdraw_everybody(house.open(), "kita-hospital")
    with pytest.raises(Refused, match="were withdrawn since it was made") as refused:
        deliver(house, published)
    assert refused.value.rule == "deliver.withdrawn"
    assert (box.attempts, story(house)) == ([], [])


@pytest.mark.parametrize(
    ("error", "then"),
    [
        (RetryLater("the server is away", rule="mail.away", remedy="later"), "failed"),
        (FixConfiguration("the password is wrong", rule="mail.login", remedy="correct it"), "failed"),
        (Refused("something else lies there", rule="mail.other", remedy="look"), "failed"),
        (DeliveryUnknown("the line broke", rule="mail.unknown", remedy="ask"), "unknown"),
    ],
)
def test_what_a_failure_means(house: House, published: str, letterbox: Put, error: Exception, then: str) -> None:
    box = letterbox(at_most_once=True)
    box.raises(error, sent=False)
    with pytest.raises(type(error)):
        deliver(house, published)
    assert state(house, published) == (then, "published")
    last = [e.payload for e in house.open().ledger.entries(type=f"delivery.{then}")][-1]
    assert str(last["reason"]).startswith("mail.")
    if then == "failed":
        assert last["retry"] is isinstance(error, RetryLater)
        box.works()
        deliver(house, published)
        assert (box.attempts, box.deliveries) == ([1, 2], 1)
        assert state(house, published) == ("handed_over", "open")


def test_what_a_channel_refuses_beforehand_is_no_attempt(house: House, published: str, letterbox: Put) -> None:
    box = letterbox(at_most_once=True)
    box.refuse = Refused("too large", rule="mail.size", remedy="use another channel")
    with pytest.raises(Refused, match="too large"):
        deliver(house, published)
    assert story(house) == ["ordered", "sealed"]
    assert box.attempts == []


@pytest.mark.parametrize("sent", [False, True])
def test_a_dead_attempt_of_a_repeatable_channel(house: House, published: str, letterbox: Put, sent: bool) -> None:
    box = letterbox(at_most_once=False)
    box.raises(Killed(), sent=sent)
    with pytest.raises(Killed):
        deliver(house, published)
    assert state(house, published)[0] == "attempting"
    box.works()
    receipt = deliver(house, published)
    assert receipt["already_there"] is sent
    assert box.deliveries == 1
    assert story(house) == ["ordered", "sealed", "attempting", "failed", "attempting", "handed_over"]


@pytest.mark.parametrize("sent", [False, True])
def test_a_dead_letter_is_unknown_until_somebody_says(
    house: House, published: str, letterbox: Put, sent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKUMEI_CONFIG", str(house.config))
    monkeypatch.setenv("TOKUMEI_HOME", str(house.home))
    box = letterbox(at_most_once=True)
    box.raises(Killed(), sent=sent)
    with pytest.raises(Killed):
        deliver(house, published)
    box.works()
    for _ in range(2):
        with pytest.raises(DeliveryUnknown):
            deliver(house, published)
    assert state(house, published)[0] == "unknown"
    said = ["--sent" if sent else "--not-sent", "--reason", "asked by telephone"]
    assert cli.main(["delivery", "resolve", order_of(published), *said]) == 0
    assert state(house, published)[0] == ("handed_over" if sent else "failed")
    deliver(house, published)
    assert state(house, published) == ("handed_over", "open")
    assert box.deliveries == 1
    assert cli.main(["delivery", "resolve", order_of(published), *said]) == 6


def test_only_an_unknown_delivery_can_be_resolved(house: House, published: str, letterbox: Put) -> None:
    """While an attempt is running nobody may say how it ended: it could be sent a second time."""
    box = letterbox(at_most_once=True)
    ctx = house.open()
    with pytest.raises(Refused, match="no such order"):
        resolve(ctx, order_of(published), sent=False, reason="x", actor=ACTOR)
    refused: list[str] = []

    def meanwhile() -> None:
        for sent in (True, False):
            with pytest.raises(Refused) as error:
                resolve(house.open(), order_of(published), sent=sent, reason="it takes so long", actor=ACTOR)
            refused.append(error.value.what)

    box.before = meanwhile
    deliver(house, published)
    assert refused == ["the delivery is attempting, not unknown"] * 2
    assert state(house, published)[0] == "handed_over"


def test_a_resolution_needs_a_reason(house: House, published: str, letterbox: Put) -> None:
    letterbox(at_most_once=True).raises(DeliveryUnknown("broke", rule="mail.unknown", remedy="ask"), sent=True)
    with pytest.raises(DeliveryUnknown):
        deliver(house, published)
    with pytest.raises(Refused, match="reason"):
        resolve(house.open(), order_of(published), sent=True, reason="  ", actor=ACTOR)
    assert state(house, published)[0] == "unknown"


def _deliver_in_process(house: House, release: str, start: Any, results: Any) -> None:
    start.wait(30)
    try:
        results.put(("done", delivering.deliver(house.open(), release, actor=ACTOR)["order"]))
    except RetryLater as error:
        results.put(("later", error.rule))


def test_two_processes_deliver_once(house: House, published: str, letterbox: Put) -> None:
    box = letterbox(at_most_once=True)
    context = multiprocessing.get_context("fork")
    log, start, results = house.root / "deliveries", context.Barrier(2), context.Queue()
    log.mkdir()

    def mark() -> None:
        (log / multiprocessing.current_process().name).touch()

    box.before = mark
    both = [context.Process(target=_deliver_in_process, args=(house, published, start, results)) for _ in range(2)]
    for one in both:
        one.start()
    said = [results.get(timeout=60) for _ in both]
    for one in both:
        one.join(30)
    assert len(list(log.iterdir())) == 1
    assert story(house).count("attempting") == story(house).count("handed_over") == 1
    assert ("done", order_of(published)) in said
    assert all(what in {("done", order_of(published)), ("later", "deliver.busy")} for what in said)


def test_a_task_that_looked_before_another_one_ended(
    house: House, published: str, letterbox: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both saw no delivery; the second gets the lock when the first is done, and its receipt."""
    box = letterbox(at_most_once=True)
    believe = delivering._believe

    def slow(ctx: Any, asked: Any) -> None:
        believe(ctx, asked)
        monkeypatch.setattr(delivering, "_believe", believe)
        first.append(delivering.deliver(house.open(), published, actor="first"))

    first: list[dict[str, object]] = []
    monkeypatch.setattr(delivering, "_believe", slow)
    assert delivering.deliver(house.open(), published, actor="second") == first[0]
    assert box.deliveries == 1


# -- what must hold before a byte leaves ------------------------------------------------------------------------------


def _nothing_left(house: House, release: str, box: Letterbox, match: str, kind: type[Exception] = Refused) -> None:
    with pytest.raises(kind, match=match):
        deliver(house, release)
    assert (box.attempts, story(house)) == ([], [])
    assert not list((house.home / "outbox").rglob("*.age"))


def test_without_approval_nothing_leaves(house: House, gated: str, letterbox: Put) -> None:
    _nothing_left(house, gated, letterbox(at_most_once=True), "not published")


CHANGES: dict[str, tuple[str, Callable[[dict[str, Any]], object], str]] = {
    "other dates in the agreement": (
        RECIPIENT_FILE,
        lambda r: r["agreement"].update(ends=date(2998, 12, 31)),
        "two valid approvals",
    ),
    "another agreement": (
        RECIPIENT_FILE,
        lambda r: r["agreement"].update(id="提供契約-2027-001"),
        "not the recipient's agreement",
    ),
    "another term of the agreement": (
        RECIPIENT_FILE,
        lambda r: r["agreement"].update(onward_provision="with_consent"),
        "two valid approvals",
    ),
    "another key": (
        RECIPIENT_FILE,
        lambda r: r["encryption"].update(key=str(pyrage.x25519.Identity.generate().to_public())),
        "two valid approvals",
    ),
    "another notice": (
        "platform.yaml",
        lambda p: p["operator"].update(contact="other@example.jp"),
        "two valid approvals",
    ),
    "an officer left": (
        "platform.yaml",
        lambda p: p["officers"][1].update(id="demo-officer-3"),
        "no officer of platform.yaml",
    ),
    "production": ("platform.yaml", lambda p: p.update(environment="production"), "two valid approvals"),
    "another plan": (PLAN_FILE, lambda p: p["tables"][0]["columns"].pop(), "plan was changed"),
}


@pytest.mark.parametrize("case", CHANGES.values(), ids=CHANGES.keys())
def test_what_changed_after_the_approvals(
    house: House, published: str, letterbox: Put, case: tuple[str, Callable[..., object], str]
) -> None:
    file, change, match = case
    house.edit(file, change)
    _nothing_left(house, published, letterbox(at_most_once=True), match)


def test_nothing_leaves_after_the_agreement_ended(
    house: House, published: str, letterbox: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The approvals still hold, for exactly these terms; but the day is over."""
    monkeypatch.setattr(delivering, "today", lambda: date(2999, 1, 1))
    _nothing_left(house, published, letterbox(at_most_once=True), "not in force")


SPOILT: dict[str, Callable[[Path], object]] = {
    "a changed byte": lambda bag: _flip(bag / "data/tables/claim.parquet"),
    "an extra file": lambda bag: (bag / "data/extra.txt").write_text("x"),
    "a file beside the data": lambda bag: (bag / "notes.txt").write_text("x"),
    "a missing file": lambda bag: (bag / "data/datapackage.json").unlink(),
    "no manifest": lambda bag: (bag / "tagmanifest-sha256.txt").unlink(),
    "nothing at all": lambda bag: shutil.rmtree(bag),
}


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_only_the_approved_bytes_leave(
    house: House, published: str, letterbox: Put, spoil: Callable[[Path], object]
) -> None:
    spoil(made_folder(house.open(), published) / "bag")
    _nothing_left(house, published, letterbox(at_most_once=True), "not the approved one")


def test_nothing_leaves_on_an_expired_verdict(
    house: House, published: str, letterbox: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gate that knows more might find what the one before missed: it is asked first."""
    box = letterbox(at_most_once=False)
    with monkeypatch.context() as patch:
        patch.setattr(verdicts, "gate_version", lambda: "a gate that knows more")
        with pytest.raises(Refused) as refused:
            deliver(house, published)
    assert refused.value.rule == "deliver.verdict"
    assert (story(house), box.attempts) == ([], [])
    deliver(house, published)
    assert box.deliveries == 1


def test_a_log_that_does_not_verify_delivers_nothing(house: House, published: str, letterbox: Put) -> None:
    box = letterbox(at_most_once=True)
    with sqlite3.connect(house.home / "ledger" / "ledger.db") as database:
        for (name,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            database.execute(f"drop trigger {name}")
        data = database.execute("select bytes from entry where seq = 3").fetchone()[0]
        database.execute("update entry set bytes = ? where seq = 3", (data.replace(b"test:house", b"test:mouse"),))
    with pytest.raises(LedgerBroken):
        deliver(house, published)
    assert box.attempts == []


# -- what the recipient gets -------------------------------------------------------------------------------------------


def delivered(house: House, release: str, put: Put) -> Path:
    box = put(at_most_once=False)
    deliver(house, release)
    return box.folder / order_of(release)


def test_it_is_sealed_once(house: House, published: str, letterbox: Put) -> None:
    box = letterbox(at_most_once=False)
    box.raises(RetryLater("away", rule="x.away", remedy="later"), sent=False)
    seen: list[bytes] = []
    cipher = house.home / "outbox" / order_of(published) / f"{published}.zip.age"
    for _ in range(2):
        with pytest.raises(RetryLater):
            deliver(house, published)
        seen.append(cipher.read_bytes())
    box.works()
    deliver(house, published)
    assert (box.folder / order_of(published) / cipher.name).read_bytes() == seen[0] == seen[1]
    assert story(house).count("sealed") == 1


def test_a_ciphertext_that_was_damaged_is_sealed_again(house: House, published: str, letterbox: Put) -> None:
    box = letterbox(at_most_once=False)
    box.raises(RetryLater("away", rule="x.away", remedy="later"), sent=False)
    with pytest.raises(RetryLater):
        deliver(house, published)
    _flip(house.home / "outbox" / order_of(published) / f"{published}.zip.age")
    box.works()
    deliver(house, published)
    sealed = (box.folder / order_of(published) / f"{published}.zip.age").read_bytes()
    assert pyrage.decrypt(sealed, [house.identity("tsukishima-university")])


@pytest.mark.parametrize("who", ["tsukishima-university", "escrow"])
def test_recipient_and_escrow_open_it_and_nobody_else(
    house: House, published: str, letterbox: Put, who: str, tmp_path: Path
) -> None:
    cipher = delivered(house, published, letterbox) / f"{published}.zip.age"
    plain = pyrage.decrypt(cipher.read_bytes(), [house.identity(who)])
    bag = made_folder(house.open(), published) / "bag"
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    assert found == {
        f"{published}/{p.relative_to(bag).as_posix()}": p.read_bytes() for p in bag.rglob("*") if p.is_file()
    }
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(cipher.read_bytes(), [house.identity("aozora-pharma")])
    if shutil.which("age"):
        opened = subprocess.run(["age", "-d", "-i", house.root / "keys" / who, cipher], capture_output=True, check=True)
        assert opened.stdout == plain
    if shutil.which("unzip"):
        (tmp_path / "plain.zip").write_bytes(plain)
        subprocess.run(["unzip", "-q", "plain.zip"], cwd=tmp_path, check=True)
        check = ["sha256sum", "--quiet", "-c", "manifest-sha256.txt"]
        subprocess.run(check, cwd=tmp_path / published, check=True)


def verified(house: House, path: Path, key: str | None = None) -> int:
    public = (house.home / "ledger" / "log.vkey").read_text().strip()
    return cli.main(["receipt", "verify", str(path), "--key", key or public, "--json"])


def test_the_envelope_proves_the_approval_offline(house: House, published: str, letterbox: Put) -> None:
    folder = delivered(house, published, letterbox)
    digest = approvals.request(house.open(), published).digest
    shutil.move(house.home / "ledger" / "ledger.db", house.root / "away.db")  # nothing of ours is needed
    path = folder / f"{published}.envelope.json"
    content = json.loads(path.read_text("utf-8"))
    assert verified(house, path) == 0
    assert content["payload_digest"] == digest
    bag, public = made_folder(house.open(), published) / "bag", (house.home / "ledger" / "log.vkey").read_text().strip()
    assert cli.main(["package", "verify", str(bag), "--envelope", str(path), "--key", public]) == 0
    content["payload_digest"] = "0" * 64
    (folder / "other.json").write_text(json.dumps(content), "utf-8")
    assert cli.main(["package", "verify", str(bag), "--envelope", str(folder / "other.json"), "--key", public]) == 8
    assert [a["officer"] for a in content["approvals"]] == ["demo-officer-1", "demo-officer-2"]


ALTERED: dict[str, Callable[[dict[str, Any]], object]] = {
    "digest": lambda e: e.update(payload_digest="0" * 64),
    "release": lambda e: e.update(release="r-other"),
    "notice": lambda e: e["notice"].update(en="Do as you like."),
    "approvals": lambda e: e["approvals"].append({"officer": "demo-officer-3", "at": ""}),
    "no approvals": lambda e: e.pop("approvals"),
    "entry": lambda e: e.update(entry=e["entry"][:-8] + "AAAAAAA="),
    "proof": lambda e: e.update(proof=e["proof"].replace("index ", "index 1")),
    "no proof": lambda e: e.pop("proof"),
}


@pytest.mark.parametrize("alter", ALTERED.values(), ids=ALTERED.keys())
def test_an_altered_envelope_fails(
    house: House, published: str, letterbox: Put, alter: Callable[[dict[str, Any]], object]
) -> None:
    path = delivered(house, published, letterbox) / f"{published}.envelope.json"
    content = json.loads(path.read_text("utf-8"))
    alter(content)
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    assert verified(house, path) == 8


def test_an_envelope_about_another_kind_of_entry_fails(house: House, published: str, letterbox: Put) -> None:
    """The gate's entry names the same digest: it is no approval."""
    import base64

    from provision.ledger.proof import receipt

    path = delivered(house, published, letterbox) / f"{published}.envelope.json"
    ctx = house.open()
    (gated,) = ctx.ledger.entries(type="release.gated")
    content = json.loads(path.read_text("utf-8"))
    content["entry"] = base64.b64encode(ctx.ledger.entry_bytes(gated.seq)).decode()
    content["proof"] = receipt(ctx.ledger, gated.seq, ctx.signer)
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    assert verified(house, path) == 8


@pytest.mark.parametrize("text", ["[]", "{}", "not JSON", '{"entry": 5}'])
def test_what_is_no_envelope(house: House, tmp_path: Path, text: str) -> None:
    assert house.open().signer.public
    (tmp_path / "envelope.json").write_text(text)
    assert verified(house, tmp_path / "envelope.json") == 8
