"""拒否の理由: why a decision was refused, in the reader's language, by the rule that refused it.

The errors themselves are in English, with place and remedy. A rule nobody put into words here is told as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from provision.auditing.language import Language
from provision.auditing.words import Pair

RULES: Mapping[str, Pair] = {
    "approval.twice": Pair(
        "あなたは既に決定しています。もう一人の承認者が必要です。", "You decided already; another officer is needed."
    ),
    "approval.own": Pair("起案者は自分の起案を承認できません。", "The requester cannot approve the own request."),
    "approval.officer": Pair(
        "このアカウントは、この提供を決定できる承認者ではありません。",
        "This account is no officer who may decide on this release.",
    ),
    "approval.digest": Pair(
        "ダイジェスト D が検査されたものと異なります。ページを更新し、読み直してください。",
        "Digest D is not the one that was gated. Reload the page and read it again.",
    ),
    "approval.pending": Pair(
        "この提供は決定を待っていません（決定済み、期限切れ、又は中止）。",
        "This release does not wait for a decision (decided, expired or ended).",
    ),
    "approval.reason": Pair("却下には理由が必要です。", "A rejection needs a reason."),
    "approval.verdict": Pair(
        "ゲートの判定が失効しています。再検査が必要です。", "The gate's verdict has expired; gate the release again."
    ),
    "approval.stale-token": Pair(
        "サインインから 5 分を過ぎました。もう一度サインインしてください。",
        "You signed in more than five minutes ago. Sign in again.",
    ),
    "approval.no-token": Pair("サインインし直してください。", "Sign in again."),
    "approval.prompt": Pair("まだ決定がそろっていません。", "There is no complete decision yet."),
    "release.agreement": Pair(
        "提供契約が本日は有効でないか、提供先の契約と異なります。", "The agreement is not in force today."
    ),
    "release.plan": Pair(
        "起案の後に計画が変更されました。起案し直してください。", "The plan was changed since; release anew."
    ),
    "request.officer": Pair(
        "このアカウントは承認者のものではありません。承認者がサインインして同意してください。",
        "This account is no officer's. An officer signs in and agrees.",
    ),
    "request.four_eyes": Pair(
        "請求を受け付けた人は、自分で同意できません。別の承認者が同意してください。",
        "Whoever took the request cannot agree to it; another officer does.",
    ),
    "request.state": Pair(
        "この請求は同意を待っていません。ページを更新してください。",
        "This request does not wait for anybody to agree. Reload the page.",
    ),
    "release.legal_status": Pair(
        "提供元の法的な位置づけでは提供できません。", "The legal status of a source forbids it."
    ),
}

#: Why a page cannot be shown, by HTTP status; the error itself, in English, stands below it.
PAGES: Mapping[int, str] = {
    401: "サインインしていません。Airflow にサインインしてから、もう一度開いてください。",
    403: "このアカウントには、提供記録を読む権限がありません。管理者に依頼してください。",
    404: "お探しのものは見つかりません。一覧から探してください。",
    405: "このページは、この方法では開けません。",
    409: "いまの状態では、できません。",
    422: "条件の書き方が正しくありません。戻って直してください。",
    500: "予期しない誤りが起きました。もう一度試し、続くときは運用者に知らせてください。",
    503: "いまは表示できません。続くときは、運用者が tokumei doctor で確かめてください。",
}


def page_reason(status: int) -> Pair:
    """The reason in Japanese; in English the error says it by itself."""
    return Pair(PAGES.get(status, PAGES[503]), "")


def told_in(language: Language) -> dict[str, str]:
    """Rule to words, for the page's script."""
    return {rule: getattr(pair, language) for rule, pair in RULES.items()}
