"""Every type of entry there is. To add one, add a line; then `python scripts/make_entries_page.py`.

Changes of state carry at least what `states.EVIDENCE` asks for; here it is said as what. Of the others nothing may be
carried that is not named here, but where `more` says so.
"""

from __future__ import annotations

from provision.ledger.payloads import ANY, COUNT, FLAG, LIST, OBJECT, TEXT, TEXTS, EntryType, Registry, maybe
from provision.states import EVIDENCE, TRANSITIONS

_WHAT = {"what": TEXT}
_HOW = {"how": TEXT}
_REASON = {"reason": TEXT}
_RESTORED = {"set": TEXT, "made_at": TEXT, "size": COUNT, "root": TEXT}
_DECISION = {
    "digest": TEXT, "notice": TEXT, "recipient": TEXT, "recipient_key": TEXT, "agreement": TEXT, "terms": TEXT,
    "known_values": TEXT, "role": TEXT, "reason": TEXT,
}  # fmt: skip

#: Fields of changes of state that say more than that they are there.
_STATE_FIELDS = {
    "digest": TEXT, "reason": TEXT, "how": TEXT, "what": TEXT, "plan": TEXT, "recipient": TEXT, "agreement": TEXT,
    "purpose": TEXT, "requester": TEXT, "channel": TEXT, "release": TEXT, "source": TEXT, "attempt": COUNT,
    "ciphertext_sha256": TEXT, "approvals": TEXTS, "announcement": OBJECT, "receipt": OBJECT, "verdict": OBJECT,
    "image_sha256": TEXT, "read_back": FLAG, "asks": TEXTS, "basis": TEXT, "reference": TEXT,
}  # fmt: skip

_FACTS = (
    EntryType("access.anchored", "閲覧記録の日次要約", "digest of a day's page views", "", {
        "day": TEXT, "first": COUNT, "last": COUNT, "visits": COUNT, "root": TEXT}),
    EntryType("access.expired", "閲覧記録の期限による消去", "page views destroyed when over their time", "", {
        "upto": COUNT, "until": TEXT, "visits": COUNT}),
    EntryType("access.lost", "閲覧記録の滅失", "page views lost for good: from when to when nothing is known", "", {
        "since": TEXT, "until": TEXT, "visits": COUNT, "kept": COUNT, "reason": TEXT}),
    EntryType("batch.duplicate", "同じバッチの再受領", "the same batch again", "batch source", {
        "digest": TEXT, "drop": TEXT}),
    EntryType("delivery.acknowledged", "受領確認リンク", "the recipient followed the link", "delivery", _HOW),
    EntryType("delivery.alerted", "運用者への警報", "operators alerted", "delivery", {"reason": TEXT, "entry": COUNT}),
    EntryType("delivery.recalled", "回収", "one delivery recalled", "delivery release recipient", {"evidence": OBJECT}),
    EntryType("delivery.reported", "受領者からの報告", "the recipient reported something",
              "delivery release recipient member", {"report": TEXT, "kind": TEXT, "words_sha256": TEXT}),
    EntryType("delivery.sealed", "封緘（暗号化）", "sealed: encrypted files and for which keys", "delivery release", {
        "files": LIST, "keys": TEXTS}),
    EntryType("delivery.status_note", "配信状況通知", "delivery status note (RFC 3464)", "delivery", {
        "attempt": COUNT, "about": TEXT, "action": TEXT, "status": TEXT, "note_sha256": TEXT}),
    EntryType("delivery.terms_accepted", "条件の承諾", "terms accepted in the portal",
              "delivery release recipient member", {"terms": TEXT, "notice": TEXT, "agreement": TEXT}),
    EntryType("drop.quarantined", "受け付けられない投入", "a drop that could not be registered", "batch source", {
        "rule": TEXT, "files": COUNT, "drop": TEXT}),
    EntryType("evidence.written", "証拠書類の作成", "evidence pack written", "release", {
        "digest": TEXT, "files": OBJECT}),
    EntryType("health.alerted", "運用者への警報", "operators alerted of a sign", "", {
        "kind": TEXT, "level": TEXT, "subject": TEXT, "since": TEXT}),
    EntryType("incident.gathered", "漏えい等の事実の集約", "facts of an incident gathered", "incident", {
        "asked": OBJECT, "counts": OBJECT, "deadlines": ANY, "releases": TEXTS}),
    EntryType("known_values.asked", "既知値との照合", "known values looked up", "release", {
        "batches": COUNT, "gone": COUNT, "for": TEXT, "detectors_version": TEXT}),
    EntryType("ledger.anchored", "記録の外部への固定", "a checkpoint carried elsewhere", "", {
        "size": COUNT, "root": TEXT, "places": TEXTS}),
    EntryType("member.invited", "受領者の担当者の招待", "a recipient's member invited", "member recipient", {
        "by": TEXT, "role": TEXT}),
    EntryType("member.removed", "受領者の担当者の削除", "a recipient's member removed", "member recipient", {
        "role": TEXT}),
    EntryType("member.reset", "受領者の担当者の再設定", "a member signs up anew", "member recipient", {"role": TEXT}),
    EntryType("notice.published", "公表文の掲載", "announcement published", "plan release", more=True),
    EntryType("outbox.emptied", "送付箱の消去", "ciphertext and envelope destroyed", "delivery", _WHAT),
    EntryType("personal.provided", "個人情報の提供", "personal data provided (APPI art. 29)", "personal", {
        "document_sha256": TEXT, "corrects": TEXT}, more=True),
    EntryType("personal.received", "個人情報の受領", "personal data received (APPI art. 30)", "personal", {
        "document_sha256": TEXT, "corrects": TEXT}, more=True),
    EntryType("platform.backed_up", "控えの保存", "backup saved", "backup", {
        "set": TEXT, "size": COUNT, "root": TEXT, "units": COUNT, "manifest_sha256": TEXT}),
    EntryType("platform.key_rotated", "鍵の交代", "a key made anew", "key", more=True),
    EntryType("platform.restored", "控えからの復旧", "restored from a backup", "backup", _RESTORED),
    EntryType("platform.vault_restored", "金庫の復旧", "vault restored from a backup", "backup", _RESTORED),
    EntryType("quarantine.destroyed", "隔離の消去", "quarantine destroyed", "batch source", _WHAT),
    EntryType("quarantine.opened", "隔離の閲覧", "quarantine looked at", "batch source", {
        "file": maybe(COUNT), "records": maybe(COUNT)}, more=True),
    EntryType("quarantine.removed", "隔離からの除去", "files or records removed from quarantine", "batch source", {
        "files": TEXT, "records": COUNT, "reference": TEXT}),
    EntryType("release.approval", "承認者の承認", "an officer's approval", "release plan recipient officer", _DECISION),
    EntryType("release.emptied", "作成物の消去", "made tables and payload destroyed", "release", _WHAT),
    EntryType("release.gated_again", "再検査", "gated again", "release plan recipient", {
        "digest": TEXT, "verdict": OBJECT}),
    EntryType("release.rejection", "承認者の却下", "an officer's rejection", "release plan recipient officer",
              _DECISION),
    EntryType("request.begun", "本人の請求の実施の開始", "from here on a person is withdrawn", "request", {
        "asks": TEXTS}),
    EntryType("request.learnt", "本人の別の番号の判明", "further records are the person's", "request scope", {
        "identities": COUNT}),
    EntryType("request.lifted", "利用停止の解除", "from here on a veto does not hold any more", "request", {
        "by": TEXT}),
    EntryType("staging.emptied", "媒体イメージの消去", "disc images destroyed", "delivery", _WHAT),
    EntryType("store.destroyed", "蓄積の消去", "a batch's tables destroyed", "batch source", _WHAT),
    EntryType("store.ended", "蓄積の保存期間の終了", "a batch's time in the store is over", "batch source", _WHAT),
    EntryType("store.erased_again", "消去済みの人の再確認", "erased people looked for again", "zone", {"rows": COUNT}),
    EntryType("vault.period_ended", "蓄積期間の終了", "accumulation period ended", "scope", _REASON, more=True),
)  # fmt: skip


def _states() -> list[EntryType]:
    """One type a state: its subject, and the evidence `states` asks for."""
    return [
        EntryType(
            f"{kind}.{state}", "", "a change of state", kind,
            {name: _STATE_FIELDS.get(name, ANY) for name in sorted(EVIDENCE.get((kind, state), ()))}, more=True,
        )
        for kind, table in TRANSITIONS.items() for state in table if state
    ]  # fmt: skip


STATES = tuple(_states())
FACTS = _FACTS
TYPES = Registry([*FACTS, *STATES])
