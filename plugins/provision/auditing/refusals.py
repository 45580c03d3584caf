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
    "release.legal_status": Pair(
        "提供元の法的な位置づけでは提供できません。", "The legal status of a source forbids it."
    ),
}


def told_in(language: Language) -> dict[str, str]:
    """Rule to words, for the page's script."""
    return {rule: getattr(pair, language) for rule, pair in RULES.items()}
