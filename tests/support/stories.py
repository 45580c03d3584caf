"""提供の物語: a log full of releases of a fictitious company, month after month, in every state there is.

Written straight into the log with the platform's own transitions, so the log is one the platform could have written;
no payloads lie behind it. Figures are made up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from provision.ledger.places import Place, as_place
from provision.ledger.signing import Signer
from provision.ledger.store import Ledger

RECIPIENTS = ("fictitious-university", "fictitious-pharma", "fictitious-institute", "fictitious-insurer")
PURPOSES = ("学術研究", "医薬品の安全性調査", "医療サービスの改善")
CHANNELS = ("bucket", "partner_sftp", "mail", "disc")
DATASETS = ("medical-claims", "dpc-claims", "care-claims", "checkups")
#: The day the first story begins.
FIRST = datetime(2025, 4, 3, 1, tzinfo=UTC)
#: Where a story ends, by its number; most end open.
ENDINGS = ("closed", "open", "open", "rejected", "open", "recalled", "gated", "open", "unknown", "open")


class Clock:
    """A clock that is told what time it is, and goes on by a minute with every look."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        self.at += timedelta(minutes=1)
        return self.at


def write(path: Path, count: int, *, first: datetime = FIRST, recipients: Sequence[str] = RECIPIENTS) -> list[str]:
    """Write `count` releases, three a month, each with a batch before it; gives their ids, oldest first. `recipients`
    are four."""
    clock = Clock(first)
    releases = []
    with Ledger.open(path, clock=clock) as ledger:
        for number in range(count):
            clock.at = max(clock.at, first + timedelta(days=10 * number))
            batch(ledger, number)
            releases.append(_Story(ledger, number, recipients).tell(ENDINGS[number % len(ENDINGS)]))
    return releases


def sign(path: Path | Place, key: Path) -> str:
    """Sign the log with the key at `key`, made where there is none; gives the public key, also put beside the log."""
    signer = Signer.load(key) if key.exists() else Signer.create(key, "example.invalid/provision-log")
    with Ledger.open(path) as ledger:
        ledger.checkpoint(signer)
    as_place(path).path.with_name("log.vkey").write_text(signer.public + "\n", encoding="utf-8")
    return signer.public


def evidence(home: Path, ledger: Ledger, release: str, files: Mapping[str, bytes]) -> None:
    """An evidence pack of a release, in its folder and in the log."""
    folder = home / "releases" / release / "evidence"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    payload = {"digest": digest(release), "files": digests}
    ledger.append("evidence.written", actor="tester", subjects={"release": release}, payload=payload)


def digest(*parts: object) -> str:
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def batch(ledger: Ledger, number: int) -> str:
    name, subjects = f"B{digest('batch', number)[:16]}", {"source": "fictitious-hospital"}
    said: dict[str, Any] = {"source": "fictitious-hospital", "period": "2026-02", "sequence": 1, "files": 3}
    steps: list[tuple[str, Mapping[str, object]]] = [
        ("received", {**said, "digest": digest("files", number)}),
        ("accepted", {"rows_in": 86_392, "rows_out": 86_011, "tables": {"claim": 4_120, "diagnosis": 81_891}}),
        ("destroyed", {"what": "key"}),
    ]
    for state, payload in steps:
        ledger.transition("batch", name, state, actor="airflow:intake/r", subjects=subjects, payload=payload)
    return name


def release(ledger: Ledger, number: int, ending: str) -> str:
    """One release as far as `ending`."""
    return _Story(ledger, number).tell(ending)


class _Story:
    def __init__(self, ledger: Ledger, number: int, recipients: Sequence[str] = RECIPIENTS) -> None:
        self.ledger, self.number = ledger, number
        self.whom = number * 7 % 5 % len(recipients)
        self.recipient = recipients[self.whom]
        self.plan = f"{DATASETS[number % len(DATASETS)]}-to-{self.recipient.removeprefix('fictitious-')}"
        self.channel = CHANNELS[self.whom]
        self.name = f"r-{self.plan}-{digest('release', number)[:10]}"
        self.digest = digest("payload", number)
        self.actor = f"airflow:release__{self.plan.replace('-', '_')}/scheduled"
        self.about = {"plan": self.plan, "recipient": self.recipient}

    def tell(self, ending: str) -> str:
        self._prepare()
        if ending == "gated":
            return self.name
        self._decide(reject=ending == "rejected")
        if ending == "rejected":
            return self.name
        self._deliver(unknown=ending == "unknown")
        if ending in {"closed", "recalled"}:
            self._delivery("received", {"how": "受領書（署名済み）"})
            self._go(ending, {"reason": "受領者の契約終了"} if ending == "recalled" else {})
        return self.name

    def _go(self, state: str, payload: Mapping[str, object], actor: str = "") -> None:
        self.ledger.transition(
            "release", self.name, state, actor=actor or self.actor, subjects=self.about, payload=payload
        )

    def _note(self, type: str, payload: Mapping[str, object], actor: str = "", **subjects: str) -> None:
        about = {"release": self.name, **self.about, **subjects}
        self.ledger.append(type, actor=actor or self.actor, subjects=about, payload=payload)

    def _prepare(self) -> None:
        number, people = self.number, 4_000 + self.number * 37 % 900
        self._go("drafted", {
            "plan": self.plan, "run_key": f"scheduled__{number}", "recipient": self.recipient,
            "agreement": f"A-2025-{self.whom + 1:02d}", "purpose": PURPOSES[number % 3],
            "requester": "fictitious-requester", "approvers": ["fictitious-officer-1", "fictitious-officer-2"],
            "channel": self.channel, "categories": sorted({1, 3, number % 8 + 1}), "linkage": "person",
            "sources": ["fictitious-hospital"], "datasets": [DATASETS[number % len(DATASETS)]],
            "first_month": "2024-04", "cutoff_month": "2026-03", "profile": "standard",
        })  # fmt: skip
        tables = {"claim": 91_000 + number, "diagnosis": 240_000 + number}
        self._go("made", {
            "digest": self.digest, "tables": tables, "people": people, "claims": tables["claim"],
            "risk": {"after": {"people": people, "groups": 412, "k": 5, "unique_people": 0}},
            "batches": [f"B{digest('batch', number)[:16]}"], "code_version": "0.1.0",
            "profile": {"id": "standard", "law": "APPI", "in_force": "2025-04-01", "digest": digest("profile")},
        })  # fmt: skip
        verdict = {
            "passed": True, "digest": self.digest, "expectations": 74, "rows_checked": 1_284_000, "failures": [],
            "known_values": "checked", "contract_version": "7", "detectors_version": digest("detectors")[:16],
        }  # fmt: skip
        self._go("gated", {"digest": self.digest, "verdict": verdict})
        files = {f"evidence.{kind}": digest("evidence", kind, number) for kind in ("ja.html", "ja.pdf", "en.html")}
        self._note("evidence.written", {"digest": self.digest, "files": files})

    def _decide(self, *, reject: bool) -> None:
        said = {"digest": self.digest, "notice": digest("notice"), "recipient": self.recipient,
                "recipient_key": "age1fictitious", "agreement": "A-2025-01", "known_values": "checked",
                "terms": digest("terms"), "role": "個人情報保護管理者"}  # fmt: skip
        self._note(
            "release.approval", {**said, "reason": ""}, "officer:fictitious-officer-1", officer="fictitious-officer-1"
        )
        if reject:
            why = {**said, "reason": "期間が契約より長い"}
            self._note("release.rejection", why, "officer:fictitious-officer-2", officer="fictitious-officer-2")
            self._go("rejected", {"reason": "an officer rejected it", "digest": self.digest})
            return
        self._note(
            "release.approval", {**said, "reason": ""}, "officer:fictitious-officer-2", officer="fictitious-officer-2"
        )
        approvals = ["fictitious-officer-1", "fictitious-officer-2"]
        self._go(
            "approved", {"digest": self.digest, "approvals": approvals, "notice": digest("notice")}, actor="approvals"
        )
        page = f"{self.plan}-{digest('page', self.plan)[:12]}.html"
        announced = {"name": page, "sha256": digest("page", self.plan), "on": "2026-03-01"}
        self._go("published", {"announcement": {**announced, "url": f"example.invalid/announcements/{page}"}})

    def _delivery(self, state: str, payload: Mapping[str, object]) -> None:
        about = {"release": self.name, **self.about}
        self.ledger.transition("delivery", self._order, state, actor=self.actor, subjects=about, payload=payload)

    @property
    def _order(self) -> str:
        return f"{self.name}.{self.recipient}.{self.channel}.1"

    def _deliver(self, *, unknown: bool) -> None:
        sealed = digest("sealed", self.number)
        self._delivery("ordered", {"release": self.name, "recipient": self.recipient, "channel": self.channel,
                                   "digest": self.digest})  # fmt: skip
        files = [{"name": f"{self.name}.zip.age", "sha256": sealed, "size": 18_403_211}]
        self._note("delivery.sealed", {"files": files, "keys": ["age1fictitious"]}, delivery=self._order)
        self._delivery("attempting", {"attempt": 1, "ciphertext_sha256": sealed})
        if unknown:
            self._delivery("unknown", {"reason": "the attempt has no recorded end"})
            return
        receipt = {"order": self._order, "channel": self.channel, "already_there": False,
                   "handed_over_at": "2026-03-01T02:00:00+00:00",
                   "evidence": {"sha256": sealed, "size": "18403211"}}  # fmt: skip
        self._delivery("handed_over", {"receipt": receipt})
        self._go("open", {})
