"""What the pages call things, in Japanese and English. A type nobody named yet is shown as it stands in the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from provision.ledger.entry import Entry

TOKYO = ZoneInfo("Asia/Tokyo")


class Pair(NamedTuple):
    """A text in Japanese and English."""

    ja: str
    en: str


#: Kinds of subject.
KINDS: Mapping[str, Pair] = {
    "batch": Pair("受領", "Batches"),
    "release": Pair("提供", "Releases"),
    "delivery": Pair("引渡し", "Deliveries"),
    "disc": Pair("媒体", "Discs"),
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
}

#: Entries that are no change of state.
EVENTS: Mapping[str, Pair] = {
    "release.approval": Pair("提供: 承認者の承認", "an officer's approval"),
    "release.rejection": Pair("提供: 承認者の却下", "an officer's rejection"),
    "evidence.written": Pair("提供: 証拠書類の作成", "evidence pack written"),
    "delivery.status_note": Pair("引渡し: 配信状況通知", "delivery status note"),
    "delivery.alerted": Pair("引渡し: 運用者への警報", "operators alerted"),
    "delivery.recalled": Pair("引渡し: 回収", "delivery recalled"),
    "release.gated_again": Pair("提供: 再検査", "gated again"),
    "known_values.asked": Pair("既知値との照合", "known values looked up"),
    "delivery.sealed": Pair("引渡し: 封緘（暗号化）", "delivery sealed (encrypted)"),
    "batch.duplicate": Pair("受領: 重複", "the same batch again"),
    "quarantine.destroyed": Pair("隔離: 消去", "quarantine destroyed"),
    "access.anchored": Pair("閲覧記録: 日次の要約", "access log: digest of a day"),
    "access.expired": Pair("閲覧記録: 期限による消去", "access log: destroyed when over its time"),
    "ledger.anchored": Pair("記録: 外部への固定", "checkpoint carried elsewhere"),
    "ledger.checkpoint": Pair("記録: 署名", "checkpoint signed"),
}

#: Fields of verdicts, risk figures and counts. A field nobody named keeps its own name.
FIELDS: Mapping[str, Pair] = {
    "digest": Pair("ダイジェスト", "digest"),
    "passed": Pair("合格", "passed"),
    "expectations": Pair("検査項目", "expectations"),
    "failures": Pair("不合格の項目", "failures"),
    "known_values": Pair("既知値との照合", "known values"),
    "contract_version": Pair("契約定義の版", "contract version"),
    "detectors_version": Pair("検出器の版", "detectors version"),
    "rows_checked": Pair("検査した行（延べ）", "rows checked, over all expectations"),
    "canaries": Pair("カナリア（架空患者）", "canaries (fictitious patients)"),
    "canary_rules": Pair("カナリアにかけた規則", "rules and the canaries"),
    "exercised": Pair("かけた規則（変わったセル）", "went over them (cells changed)"),
    "crowd": Pair("多人数が必要な規則", "need more people"),
    "nothing": Pair("対象の列がない規則", "without a column"),
    "uncounted": Pair("数えられない要件", "requirements nobody can count in the payload"),
    "planted": Pair("埋め込んだ識別子", "identifiers planted"),
    "survived": Pair("加工後に残ったもの", "left after the rules"),
    "found": Pair("検査が見つけるもの", "found by the gate as planted"),
    "recall_ppm": Pair("検出率（100万あたり）", "recall per million"),
    "trails": Pair("診療の軌跡", "trails"),
    "known": Pair("知られた出来事の数", "by number of known events"),
    "unicity": Pair("一意となる人の割合", "share of people who are unique"),
    "worst": Pair("最悪の組合せで一意となる割合", "by the worst choice of events"),
    "share": Pair("割合", "share"),
    "low": Pair("信頼区間の下限", "interval, low"),
    "high": Pair("信頼区間の上限", "interval, high"),
    "columns": Pair("列", "columns"),
    "whose": Pair("上限を定めるもの", "limits set by"),
    "limits": Pair("上限", "limits"),
    "looked_at": Pair("調べた人数", "people looked at"),
    "attacks": Pair("攻撃の試行", "attacks measured"),
    "singling_out": Pair("特定", "singling out"),
    "inference": Pair("推定", "inference"),
    "by_chance": Pair("偶然による割合", "by chance"),
    "earlier_releases": Pair("過去の提供との差", "against earlier releases"),
    "gone": Pair("過去の提供だけにいる人", "in the earlier one only"),
    "new": Pair("今回だけにいる人", "in this one only"),
    "both": Pair("両方にいる人数", "people in both"),
    "by_cause": Pair("原因別の人数", "people by cause"),
    "exposed": Pair("小さなグループに現れる人数", "people in small groups, by cause"),
    "row_order": Pair("行の並び", "order of rows"),
    "correlation_ppm": Pair("元の順序との順位相関（100万分率）", "rank correlation with the source, millionths"),
    "longest_run": Pair("元の順序の最長の連続", "longest run in the source's order"),
    "expectation": Pair("検査項目", "expectation"),
    "where": Pair("箇所", "where"),
    "kind": Pair("種類", "kind"),
    "rows_failing": Pair("不合格の行", "rows failing"),
    "note": Pair("備考", "note"),
    "people": Pair("人数", "people"),
    "claims": Pair("明細数", "claims"),
    "suppressed": Pair("除外した人数", "people left out"),
    "suppressed_ppm": Pair("除外率（100万人あたり）", "left out per million"),
    "groups": Pair("グループ数（除外前）", "groups before"),
    "groups_left": Pair("グループ数", "groups left"),
    "smallest_group": Pair("最小のグループ（除外前）", "smallest group before"),
    "smallest_group_left": Pair("最小のグループ", "smallest group left"),
    "unique_people": Pair("一意な人数（除外前）", "unique people before"),
    "k": Pair("k（求める最小人数）", "k, people per group"),
    "quasi_identifiers": Pair("準識別子", "quasi-identifiers"),
    "counted": Pair("数えた項目", "people look alike by"),
    "before": Pair("加工前のリスク", "risk before"),
    "after": Pair("加工後のリスク", "risk after"),
    "rules": Pair("適用した規則", "rules applied"),
    "rare_codes": Pair("希少なコード", "rare codes"),
    "generalisation": Pair("一般化の段階と理由", "levels, and why"),
    "suppression": Pair("除外の理由", "why people were left out"),
    "tables": Pair("表と行数", "tables and rows"),
    "batches": Pair("受領バッチ", "batches"),
    "files": Pair("ファイル", "files"),
    "records": Pair("レコード", "records"),
    "batch_datasets": Pair("バッチのデータセット", "datasets of batches"),
    "as_of": Pair("基準時点", "as of"),
    "fates": Pair("差替え・取下げの件数", "claims replaced and withdrawn"),
    "in_quarantine": Pair("隔離中で反映されていない件数", "in quarantine, without effect"),
    "profile": Pair("加工基準", "profile"),
    "linkage": Pair("名寄せ", "linkage"),
    "code_version": Pair("プログラムの版", "code version"),
    "format": Pair("形式", "format"),
    "files_taken": Pair("形式ごとのファイル数", "files taken, by format"),
    "files_passed_over": Pair("対象外のファイル数", "files that hold nothing to take, by rule"),
    "rows_in": Pair("受領した行", "rows in"),
    "rows_out": Pair("保存した行", "rows out"),
    "purpose": Pair("利用目的", "purpose"),
    "recipient": Pair("提供先", "recipient"),
    "requester": Pair("起案者", "requester"),
    "reason": Pair("理由", "reason"),
    "receipt": Pair("受領証跡", "receipt"),
    "plan": Pair("計画", "plan"),
    "agreement": Pair("契約", "agreement"),
    "channel": Pair("方法", "channel"),
    "source": Pair("提供元", "source"),
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
    return FIELDS.get(name, Pair(name, ""))


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
