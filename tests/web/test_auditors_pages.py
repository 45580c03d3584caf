"""Releases, one release, one entry with its proof, evidence and reports: what they show, give away and refuse."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provision.cli import main
from provision.exporting import verifying
from provision.ledger.proof import verify_receipt
from tests.support import stories

Signed = Callable[[str], dict[str, str]]
Read = Callable[..., Any]


@pytest.fixture
def read(browser: Any, signed: Signed) -> Read:
    """Reads a page as the auditor."""
    header = {**signed("auditor"), "Accept": "text/html"}
    return lambda path, **more: browser.get(f"/provision{path}", headers={**header, **more})


@pytest.fixture
def told(world: Any) -> list[str]:
    """Ids of thirty releases in a log that was signed."""
    releases = stories.write(world.zones.ledger(), 30)
    stories.sign(world.zones.ledger(), world.zones.home / "key.pem")
    return releases


@pytest.fixture
def key(world: Any) -> str:
    return str(world.zones.ledger().with_name("log.vkey"))


def embedded(page: str) -> dict[str, Any]:
    """What the page gives to the browser to compute with."""
    found = re.search(r'<script type="application/json" id="proof-data"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert found
    given: dict[str, Any] = json.loads(found[1])["proofs"]
    return given


def test_releases_are_found_by_every_filter(read: Read, told: list[str], world: Any) -> None:
    every = read("/releases").text
    assert "30 件" in every
    assert told[-1] in every
    assert told[0] not in every  # on the next page
    older = re.search(r'href="\./(releases\?[^"]*before=\d+)"', every)
    assert older
    second = read("/" + older[1]).text
    assert told[0] in second
    assert told[-1] not in second
    for query, of in (
        ("recipient=fictitious-pharma", "to-pharma"), ("channel=disc", "to-insurer"), ("state=recalled", "r-"),
        ("purpose=学術研究", "r-"), ("category=8", "r-"), (f"text={told[4].upper()}", told[4]),
        ("since=2025-04-01&until=2025-04-30", "r-"), ("by=provided&since=2025-06-01&until=2025-06-30", "r-"),
    ):  # fmt: skip
        page = read(f"/releases?{query}").text
        rows = re.findall(r'href="\./release/([^"]+)"', page)
        assert 0 < len(rows) < 30, query
        assert all(of in row for row in rows), query
        assert f"{len(rows)} 件" in page or len(rows) == 25
    assert "該当する提供はありません" in read("/releases?text=nothing-like-that").text


@pytest.mark.parametrize(
    "query", ["since=yesterday", "until=2025-02-30", "since=2025-03-01&until=2025-02-01", "category=x"]
)
def test_what_is_not_of_its_form_is_refused_and_not_repeated(read: Read, told: list[str], query: str) -> None:
    answer = read(f"/releases?{query}")
    assert answer.status_code == 422
    assert "yesterday" not in answer.text.replace(f"?{query}", "").replace("since=yesterday", "")


def test_the_language_is_chosen_remembered_and_preferred(browser: Any, read: Read, told: list[str]) -> None:
    assert '<html lang="ja">' in read("/").text
    preferred = read("/", **{"Accept-Language": "fr, en-GB;q=0.8, ja;q=0.5"}).text
    assert '<html lang="en">' in preferred
    assert "Provisions per month" in preferred
    chosen = read("/releases?state=open&lang=en")
    assert "Handed over" not in chosen.text
    assert "tokumei_language=en" in chosen.headers["set-cookie"]
    assert "HttpOnly" in chosen.headers["set-cookie"]
    assert "state=open&amp;lang=ja" in chosen.text  # the other language shows the same
    assert '<html lang="en">' in read("/log").text  # the browser sends the cookie now
    assert '<html lang="ja">' in read("/log?lang=xx", Cookie="tokumei_language=<script>").text
    browser.cookies.clear()


def test_the_overview_draws_what_was_provided(read: Read, told: list[str], world: Any) -> None:
    page = read("/").text
    assert page.count("<svg") in {0, 3}  # nothing to draw where the stories are older than a year
    assert "署名済み" in page
    assert world.ledger.root().hex() in page


def test_the_story_has_every_entry_and_its_proof(read: Read, told: list[str], world: Any) -> None:
    for release in told[:4]:
        page = read(f"/release/{release}").text
        entries = list(world.ledger.entries(kind="release", subject=release))
        given = embedded(page)
        assert [one["seq"] for one in given["entries"]] == [entry.seq for entry in entries]
        assert [base64.b64decode(one["bytes"]) for one in given["entries"]] == [e.canonical() for e in entries]
        assert all(f"entry/{entry.seq}" in page for entry in entries)
        assert f"{len(entries)} 件中 {len(entries)} 件が署名された記録に含まれます" in page
    assert "却下" in read(f"/release/{told[3]}").text


def test_a_proof_given_away_holds_offline(
    read: Read, told: list[str], key: str, world: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    public = Path(key).read_text()
    data, proof = read("/entry/17/bytes"), read("/entry/17/receipt")
    assert data.content == world.ledger.entry_bytes(17)
    assert "attachment" in data.headers["content-disposition"]
    assert verify_receipt(proof.text, data.content, public).size == world.ledger.size
    files = tmp_path / "entry.json", tmp_path / "entry.tlog-proof"
    files[0].write_bytes(data.content)
    files[1].write_bytes(proof.content)
    assert main(["receipt", "entry", *map(str, files), "--key", public.strip()]) == 0
    assert "entry 17" in capsys.readouterr().out
    files[0].write_bytes(data.content.replace(b"fictitious", b"Fictitious"))
    assert main(["receipt", "entry", *map(str, files), "--key", public.strip()]) == 8
    assert main(["receipt", "entry", str(tmp_path / "none"), str(files[1]), "--key", public.strip()]) == 8


def test_a_proof_at_the_size_of_a_kept_checkpoint(read: Read, told: list[str], world: Any) -> None:
    kept = world.ledger.size
    world.ledger.append("test.note", actor="tester", subjects={}, payload={})
    answer = read(f"/api/entry/5/proof?size={kept}").json()
    assert (answer["size"], answer["root"]) == (kept, world.ledger.root(kept).hex())
    for seq, size in ((5, 5), (5, kept + 9), (5, -1), (kept + 5, kept + 9), (-1, 3)):
        assert read(f"/api/entry/{seq}/proof?size={size}").status_code == 404


def test_young_entries_are_said_to_be_unsigned(read: Read, told: list[str], world: Any) -> None:
    seq = world.ledger.append("test.note", actor="tester", subjects={}, payload={}).seq
    page = read(f"/entry/{seq}").text
    assert "1 件中 0 件が署名された記録に含まれます" in page
    assert embedded(page)["entries"][0]["signed"] is False
    assert read(f"/entry/{seq}/receipt").status_code == 409
    assert read(f"/entry/{seq + 1}").status_code == 404


def test_a_log_that_is_not_what_was_signed_is_not_shown_as_proved(read: Read, told: list[str], key: str) -> None:
    other = stories.Signer.create(Path(key).with_name("other.pem"), "example.invalid/provision-log").public
    Path(key).write_text(other)
    for path in ("/entry/3", f"/release/{told[0]}", "/", "/report"):
        answer = read(path)
        assert answer.status_code == 409, path
        assert "checkpoint" in answer.text


def test_nothing_in_an_entry_ends_the_script_that_holds_it(read: Read, world: Any) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    seq = world.ledger.append("test.note", actor="tester", subjects={"thing": evil}, payload={"a": evil}).seq
    page = read(f"/entry/{seq}").text
    assert "<img" not in page
    assert json.loads(base64.b64decode(embedded(page)["entries"][0]["bytes"]))["payload"] == {"a": evil}


def evidence(world: Any, release: str, **files: bytes) -> None:
    named = {name.replace("_", "."): content for name, content in files.items()}
    stories.evidence(world.zones.home, world.ledger, release, named)


def test_evidence_is_shown_only_as_the_log_has_it(read: Read, told: list[str], world: Any) -> None:
    release, page = told[0], "<html><style>p{color:red}</style><p>架空の証拠</p></html>".encode()
    evidence(world, release, evidence_ja_html=page, evidence_json=b"{}", evidence_ja_pdf=b"%PDF-1.7")
    assert read(f"/release/{release}/evidence").text.count("一致") == 3
    shown = read(f"/release/{release}/evidence/evidence.ja.html")
    assert shown.content == page
    style = base64.b64encode(hashlib.sha256(b"p{color:red}").digest()).decode()
    policy = shown.headers["content-security-policy"]
    assert policy == f"sandbox; default-src 'none'; style-src 'sha256-{style}'; frame-ancestors 'self'"
    saved = read(f"/release/{release}/evidence/evidence.ja.pdf")
    assert saved.headers["content-disposition"] == f'attachment; filename="{release}.evidence.ja.pdf"'
    folder = world.zones.release(release) / "evidence"
    (folder / "evidence.ja.html").write_bytes(page.replace("架空".encode(), b"xx"))
    (folder / "evidence.json").unlink()
    changed = read(f"/release/{release}/evidence").text
    assert "不一致" in changed
    assert "ここにはありません" in changed
    assert "<iframe" not in changed
    for name in ("evidence.ja.html", "evidence.json"):
        answer = read(f"/release/{release}/evidence/{name}")
        assert answer.status_code == 409
        assert "架空" not in answer.text


def test_evidence_gives_no_other_file_away(read: Read, told: list[str], world: Any) -> None:
    secret = world.zones.home / "key.pem"
    evidence(world, told[0], **{"evidence_json": b"{}"})
    digest = hashlib.sha256(secret.read_bytes()).hexdigest()
    for name in ("../../../key.pem", "..%2F..%2F..%2Fkey.pem", "key.pem", "evidence.ja.html.part"):
        world.ledger.append("evidence.written", actor="evil", subjects={"release": told[1]},
                            payload={"digest": digest, "files": {name: digest}})  # fmt: skip
        assert read(f"/release/{told[1]}/evidence/{name}").status_code == 404
    assert read("/release/r-none/evidence").status_code == 404
    assert not (world.zones.home / "releases" / "r-none").exists()


@pytest.mark.parametrize("form", ["csv", "json", "pdf"])
def test_a_report_taken_from_the_page_holds_offline(read: Read, told: list[str], key: str, form: str) -> None:
    answer = read(f"/report/file?since=2025-06-01&until=2025-08-31&form={form}")
    assert answer.status_code == 200
    name = f"provision-log_2025-06-01_2025-08-31.{form}.zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert verifying.verify(answer.content, Path(key).read_text()).releases > 5


def test_reports_that_cannot_be_are_refused(read: Read, told: list[str], world: Any) -> None:
    for query, status in (
        ("since=2025-06-01&until=&form=csv", 422), ("since=x&until=y&form=csv", 422),
        ("since=2025-06-02&until=2025-06-01&form=csv", 422), ("since=2025-06-01&until=2025-06-02&form=exe", 409),
    ):  # fmt: skip
        assert read(f"/report/file?{query}").status_code == status, query
    world.ledger.append("test.note", actor="tester", subjects={}, payload={})
    assert "これより新しい 1 件はまだ署名されておらず" in read("/report").text


def test_without_a_signature_there_is_no_report(read: Read, world: Any) -> None:
    stories.write(world.zones.ledger(), 1)
    page = read("/report").text
    assert "まだ署名がないため" in page
    assert "disabled" in page
    assert read("/report/file?since=2025-04-01&until=2025-05-01&form=csv").status_code == 409


def test_every_page_and_file_is_in_the_access_log_before_it_is_shown(
    read: Read, told: list[str], world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from provision import accesslog
    from provision.accesslog.places import opened
    from provision.errors import RetryLater

    def heard() -> list[tuple[str, ...]]:
        with opened(world.zones) as log:
            return [(one.actor, one.room, one.action, one.subject) for one in reversed(log.newest(99))]

    paths = {
        "/": "view overview", "/releases?text=secret": "view releases",
        f"/release/{told[0]}": f"view release/{told[0]}",
        f"/release/{told[0]}/evidence": f"view release/{told[0]}/evidence", "/log?text=secret": "view log",
        "/entry/3": "view entry/3", "/entry/3/bytes": "download entry/3/bytes", "/report": "view report",
        "/report/file?since=2025-06-01&until=2025-06-30&form=csv":
            "download report/provision-log_2025-06-01_2025-06-30.csv.zip", "/approvals": "view approvals",
    }  # fmt: skip
    for path in paths:
        assert read(path).status_code == 200
    assert read("/release/r-none").status_code == 404  # nothing was shown, nothing is recorded
    assert heard() == [("auditor", "auditors", *what.split()) for what in paths.values()]

    def full(*what: object) -> None:
        raise RetryLater("the disk is full", rule="accesslog.disk", remedy="make room")

    monkeypatch.setattr(accesslog, "record", full)
    for path in paths:
        assert read(path).status_code == 503, path


def test_a_page_before_its_index_is_whole_says_so(read: Read, told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from provision.auditing import log
    from provision.lookup import updating

    monkeypatch.setattr(updating, "PIECE", 20)
    monkeypatch.setattr(log, "PATIENCE_SECONDS", 0.0)
    assert "件中 20 件まで" in read("/releases").text
    assert "件中 40 件まで" in read("/").text
    monkeypatch.setattr(log, "PATIENCE_SECONDS", 60.0)
    assert "索引を作成しています" not in read("/releases").text
