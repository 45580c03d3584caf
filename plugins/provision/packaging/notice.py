"""明示: the statement to the recipient that this is anonymously processed information (APPI arts. 43(4), 44).

In writing, whatever the channel (Rules art. 37(2)): the same words go into the payload, the mail, onto the disc, the
bucket's metadata and the partner's server.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from provision.model import Plan, Platform, Recipient
from provision.notices.basis import Basis

README = "README_匿名加工情報.txt"


_BASIS: Mapping[Basis, tuple[str, str]] = {
    Basis.MADE: ("第43条に基づき作成された", "made under Article 43"),
    Basis.RECEIVED: ("第44条に基づき提供する", "received as such and passed on under Article 44"),
}


def statement(platform: Platform, recipient: Recipient, basis: Basis = Basis.MADE) -> dict[str, str]:
    """The statement, keys ja and en."""
    operator, (under_ja, under_en) = platform.operator, _BASIS[basis]
    return {
        "ja": (
            f"本データは、個人情報の保護に関する法律{under_ja}「匿名加工情報」です。"
            f"{operator.name.ja}が{recipient.name.ja}に提供します。"
            "受領者は、本人を識別する目的で、加工の方法に関する情報を取得し、又は本データを他の情報と照合してはなりません（同法第45条）。"
            f"お問い合わせ・苦情の窓口: {operator.contact}"
        ),
        "en": (
            f"These data are anonymously processed information {under_en} of the Act on the Protection of "
            f"Personal Information of Japan, provided by {operator.name.en} to {recipient.name.en}. "
            "The recipient must not acquire information on the method of processing, nor collate these data with other "
            "information, in order to identify a person (Article 45). "
            f"Enquiries and complaints: {operator.contact}"
        ),
    }


def notice_digest(notice: Mapping[str, str]) -> str:
    """SHA-256 over both languages of a statement: what approvals are bound to."""
    return hashlib.sha256("\x1f".join((notice.get("ja", ""), notice.get("en", ""))).encode()).hexdigest()


def readme(platform: Platform, recipient: Recipient, plan: Plan, release: str, basis: Basis = Basis.MADE) -> str:
    """The text of README_匿名加工情報.txt, Japanese first."""
    words = statement(platform, recipient, basis)
    agreement = recipient.agreement
    return "\n".join(
        [
            f"{plan.title.ja}　匿名加工情報", f"{plan.title.en}: anonymously processed information", "",
            words["ja"], "", words["en"], "",
            f"提供番号 / Release: {release}",
            f"契約 / Agreement: {agreement.id}（{agreement.starts.isoformat()} - {agreement.ends.isoformat()}）",
            f"利用目的 / Purpose: {agreement.purpose}", "",
            "受領者がしてはならないこと / What the recipient must not do",
            "1. 本人の再識別 / identify any person",
            "2. 他の情報との照合 / collate with other information to identify a person",
            "3. 加工方法等情報の取得 / acquire information on the method of processing",
            "4. 契約の目的以外の利用及び再提供 / use for another purpose, or pass on, against the agreement", "",
            "内容 / Contents: はじめにお読みください.html",
            "検証 / Verification: sha256sum -c manifest-sha256.txt", "",
        ]
    )  # fmt: skip
