"""What the pages call things, in Japanese and English. A type nobody named yet is shown as it stands in the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from provision.auditing.entryfields import ENTRY_FIELDS, SUBJECTS
from provision.auditing.fields import FIELDS
from provision.auditing.fields import Pair as Pair
from provision.ledger.entry import Entry

TOKYO = ZoneInfo("Asia/Tokyo")


#: Kinds of subject.
KINDS: Mapping[str, Pair] = {
    "batch": Pair("受領", "Batches"),
    "release": Pair("提供", "Releases"),
    "delivery": Pair("引渡し", "Deliveries"),
    "disc": Pair("媒体", "Discs"),
    "request": Pair("本人の請求", "Requests of persons"),
}

#: States; the same word means the same for every kind.
STATES: Mapping[str, Pair] = {
    "received": Pair("受領済み", "received"),
    "accepted": Pair("受入済み", "accepted"),
    "quarantined": Pair("隔離", "quarantined"),
    "destroyed": Pair("消去済み", "destroyed"),
    "drafted": Pair("起案", "drafted"),
    "made": Pair("作成済み", "made"),
    "gated": Pair("承認待ち", "awaiting approval"),
    "approved": Pair("承認済み", "approved"),
    "published": Pair("公表済み", "published"),
    "open": Pair("提供中", "open"),
    "closed": Pair("完了", "closed"),
    "rejected": Pair("却下", "rejected"),
    "failed": Pair("失敗", "failed"),
    "expired": Pair("期限切れ", "expired"),
    "recalled": Pair("回収", "recalled"),
    "ordered": Pair("指示済み", "ordered"),
    "attempting": Pair("引渡し中", "attempting"),
    "handed_over": Pair("引渡し済み", "handed over"),
    "unknown": Pair("不明・要確認", "unknown, needs an operator"),
    "bounced": Pair("不達", "bounced"),
    "burned": Pair("書込み済み", "burned"),
    "sent": Pair("発送済み", "sent"),
    "lost": Pair("紛失", "lost"),
    "asked": Pair("受付済み", "asked"),
    "agreed": Pair("承認済み・実施中", "agreed, being carried out"),
    "done": Pair("実施済み", "carried out"),
}

#: Ways of delivering.
CHANNELS: Mapping[str, Pair] = {
    "mail": Pair("メール", "mail"),
    "disc": Pair("光ディスク", "disc"),
    "bucket": Pair("S3 バケット", "S3 bucket"),
    "partner_sftp": Pair("SFTP", "SFTP"),
}

#: Offices of those who decide.
ROLES: Mapping[str, Pair] = {"privacy_officer": Pair("個人情報保護の責任者", "privacy officer")}

#: Entries that are no change of state.
EVENTS: Mapping[str, Pair] = {
    "release.approval": Pair("提供: 承認者の承認", "an officer's approval"),
    "release.rejection": Pair("提供: 承認者の却下", "an officer's rejection"),
    "personal.provided": Pair("個人情報: 第三者への提供", "personal data provided"),
    "personal.received": Pair("個人情報: 第三者からの受領", "personal data received"),
    "notice.published": Pair("公表: 公表文の掲載", "announcement published"),
    "evidence.written": Pair("提供: 証拠書類の作成", "evidence pack written"),
    "delivery.status_note": Pair("引渡し: 配信状況通知", "delivery status note"),
    "delivery.acknowledged": Pair("引渡し: 受領確認リンク", "acknowledged by link"),
    "delivery.terms_accepted": Pair("引渡し: 利用条件の承諾", "terms accepted"),
    "delivery.reported": Pair("引渡し: 受領者からの報告", "problem reported by the recipient"),
    "member.invited": Pair("受領者の利用者: 招待", "recipient's account: invited"),
    "member.removed": Pair("受領者の利用者: 削除", "recipient's account: removed"),
    "member.reset": Pair("受領者の利用者: 認証の登録し直し", "recipient's account: authenticator reset"),
    "delivery.alerted": Pair("引渡し: 運用者への警報", "operators alerted"),
    "delivery.recalled": Pair("引渡し: 回収", "delivery recalled"),
    "release.gated_again": Pair("提供: 再検査", "gated again"),
    "known_values.asked": Pair("既知値との照合", "known values looked up"),
    "delivery.sealed": Pair("引渡し: 封緘（暗号化）", "delivery sealed (encrypted)"),
    "batch.duplicate": Pair("受領: 重複", "the same batch again"),
    "quarantine.destroyed": Pair("隔離: 消去", "quarantine destroyed"),
    "access.anchored": Pair("閲覧記録: 日次の要約", "access log: digest of a day"),
    "access.expired": Pair("閲覧記録: 期限による消去", "access log: destroyed when over its time"),
    "access.lost": Pair("閲覧記録: 滅失", "access log: lost for good"),
    "ledger.anchored": Pair("記録: 外部への固定", "checkpoint carried elsewhere"),
    "platform.backed_up": Pair("運用: 控えの保存", "backup saved"),
    "platform.restored": Pair("運用: 控えからの復旧", "restored from a backup"),
    "platform.vault_restored": Pair("運用: 金庫の復旧", "vault restored from a backup"),
    "platform.key_rotated": Pair("運用: 鍵の交代", "key rotated"),
    "veto.doubtful": Pair("拒否: 要確認", "veto in doubt"),
    "quarantine.opened": Pair("隔離: 閲覧", "quarantine looked at"),
    "quarantine.removed": Pair("隔離: 除去", "removed from quarantine"),
    "drop.quarantined": Pair("受領: 受け付けられない投入", "drop quarantined"),
    "ledger.checkpoint": Pair("記録: 署名", "checkpoint signed"),
    "store.ended": Pair("蓄積: 保存期間の終了", "a batch's time in the store is over"),
    "store.destroyed": Pair("蓄積: 消去", "a batch's tables destroyed"),
    "release.emptied": Pair("提供: 作成物の消去", "made tables and payload destroyed"),
    "outbox.emptied": Pair("引渡し: 送付箱の消去", "outbox emptied"),
    "staging.emptied": Pair("引渡し: 媒体イメージの消去", "disc images destroyed"),
    "vault.period_ended": Pair("金庫: 蓄積期間の終了", "accumulation period ended"),
    "store.erased_again": Pair("蓄積: 消去済みの人の再確認", "erased people looked for again"),
    "incident.gathered": Pair("漏えい等: 事実の集約", "facts of an incident gathered"),
    "health.alerted": Pair("見張り: 運用者への警報", "operators alerted of a sign"),
    "request.begun": Pair("本人の請求: 実施の開始", "a person is being withdrawn"),
    "request.learnt": Pair("本人の請求: 別の番号の判明", "further records are the person's"),
    "request.lifted": Pair("本人の請求: 利用停止の解除", "a veto was lifted"),
}

#: How a state looks: good, bad, waiting, or plain.
TONES: Mapping[str, str] = {
    **dict.fromkeys(("accepted", "approval", "approved", "published", "open", "closed", "handed_over"), "good"),
    **dict.fromkeys(
        ("quarantined", "rejected", "rejection", "failed", "expired", "bounced", "unknown", "recalled", "lost"), "bad"
    ),
    **dict.fromkeys(("gated", "attempting"), "wait"),
}


def state_pair(state: str) -> Pair:
    """A state for people."""
    return STATES.get(state, Pair(state, ""))


def channel_pair(channel: str) -> Pair:
    """A way of delivering for people."""
    return CHANNELS.get(channel, Pair(channel, ""))


def role_pair(role: str) -> Pair:
    """An officer's office for people."""
    return ROLES.get(role, Pair(role or "–", ""))


def type_pair(entry_type: str) -> Pair:
    """An entry type such as ``release.made`` for people; one nobody named keeps its own name."""
    if entry_type in EVENTS:
        return EVENTS[entry_type]
    kind, _, event = entry_type.partition(".")
    if kind in KINDS and event in STATES:
        return Pair(f"{KINDS[kind].ja}: {STATES[event].ja}", f"{kind} {STATES[event].en}")
    return Pair(entry_type, "")


def field_pair(name: str) -> Pair:
    """A field of an entry for people."""
    return FIELDS.get(name) or ENTRY_FIELDS.get(name) or Pair(name, "")


def subject_pair(kind: str) -> Pair:
    """A kind of subject for people."""
    return SUBJECTS.get(kind, Pair(kind, ""))


#: Names of changes since the last release that are no fields of an entry by themselves.
CHANGES: Mapping[str, Pair] = {
    "smallest_group_left": Pair("最小のグループ", "smallest group"),
    "groups_left": Pair("グループ数", "groups"),
    "suppressed": Pair("除外した人数", "people left out"),
    "suppressed_ppm": Pair("除外率", "share left out"),
    "recipient_key": Pair("暗号鍵", "encryption key"),
    "id": Pair("加工基準", "profile"),
    "law": Pair("根拠法令", "law"),
    "in_force": Pair("法令の現在日", "law as of"),
    "suppression_limit": Pair("除外率の上限", "suppression limit"),
    "linkage": Pair("行の結びつき", "what connects rows"),
    "first_month": Pair("最初の月", "first month"),
    "cutoff_month": Pair("締切月", "cut-off month"),
    "sources": Pair("提供元", "sources"),
    "formats": Pair("ファイル形式", "formats"),
    "attacker.prosecutor": Pair("成功率: 対象者がいると知る者", "success: knows that a person is in it"),
    "attacker.journalist": Pair("成功率: 誰かを探す者", "success: looks for anybody"),
    "attacker.marketer": Pair("成功率: 全員を照合する者", "success: tries everybody"),
    "unicity.1": Pair("一意となる人: 出来事 1 件", "unique people: 1 event known"),
    "unicity.2": Pair("一意となる人: 出来事 2 件", "unique people: 2 events known"),
    "unicity.3": Pair("一意となる人: 出来事 3 件", "unique people: 3 events known"),
    "terms.starts": Pair("契約の始期", "agreement starts"),
    "terms.ends": Pair("契約の終期", "agreement ends"),
    "terms.categories": Pair("契約の項目区分", "agreed content categories"),
    "terms.datasets": Pair("契約のデータセット", "agreed datasets"),
    "terms.items": Pair("契約の項目", "agreed items"),
    "terms.channels": Pair("契約の提供方法", "agreed channels"),
    "terms.onward_provision": Pair("再提供", "onward provision"),
    "terms.security": Pair("安全管理", "security"),
    "terms.destroy_within_days": Pair("廃棄までの日数", "days until destruction"),
    "terms.id": Pair("契約番号", "agreement id"),
    "terms.purpose": Pair("契約の利用目的", "agreed purpose"),
}
#: Values of configuration that are words of ours.
VALUES: Mapping[str, Pair] = {
    "forbidden": Pair("禁止", "forbidden"),
    "with_consent": Pair("書面の承諾による", "with written consent"),
    "person": Pair("人ごと", "person"),
    "claim": Pair("明細ごと", "claim"),
    "none": Pair("なし", "nothing"),
    "mail": Pair("電子メール", "e-mail"),
    "disc": Pair("ディスク", "disc"),
    "bucket": Pair("ダウンロード", "download"),
    "partner_sftp": Pair("SFTP", "SFTP"),
    "deletion": Pair("消去", "deletion"),
    "veto": Pair("今後の利用の停止", "no use from now on"),
    "lift": Pair("利用停止の解除", "a veto lifted"),
    "appi-35": Pair("個人情報保護法35条", "APPI art. 35"),
    "consent-withdrawn": Pair("同意の撤回", "consent withdrawn"),
    "policy": Pair("契約・公表した方針", "contract or published policy"),
    "objection-withdrawn": Pair("申出の撤回", "objection withdrawn"),
    "wrong-person": Pair("別人に対する登録", "entered for somebody else"),
    "order": Pair("裁判所・委員会の命令", "order of a court or the Commission"),
}
_PREFIXES: Mapping[str, Pair] = {
    "tables.": Pair("表の行数", "rows of"),
    "rule.": Pair("規則", "rule"),
    "level.": Pair("段階", "level of"),
}


def value_pair(value: str) -> Pair:
    """A value of ours for people; one nobody named keeps its own name."""
    return VALUES.get(value, Pair(value, ""))


def change_name(name: str, language: str) -> str:
    """A fact that changed, for people: its own words, or the kind of it and what it is about."""
    if name in CHANGES:
        return str(getattr(CHANGES[name], language))
    for prefix, pair in _PREFIXES.items():
        if name.startswith(prefix):
            return f"{getattr(pair, language)} {name.removeprefix(prefix)}"
    return str(getattr(field_pair(name), language)) or name


def value_name(value: str, language: str) -> str:
    """A value of configuration for people; any other value stays as it is."""
    return str(getattr(VALUES[value], language)) if value in VALUES else value


def subjects(entry: Entry) -> list[tuple[str, str]]:
    """What an entry is about, kind and id, the one it is mainly about first."""
    main = entry.type.partition(".")[0]
    return sorted(entry.subjects.items(), key=lambda item: item[0] != main)


def tone(entry_type: str) -> str:
    """The look of an entry or state."""
    return TONES.get(entry_type.rpartition(".")[2], "plain")


def when(moment: datetime | str) -> str:
    """A moment as people in Japan read it: ``2026-03-01 14:05:09`` JST."""
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return at.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M:%S")


def is_digest(value: Any) -> bool:
    """Whether a text is a digest or fingerprint: shown in a fixed width, breakable."""
    return isinstance(value, str) and len(value) >= 32 and all(c in "0123456789abcdef" for c in value)
