"""ポータルの手紙: one-time links and invitations to people, word of reports to the operator. Both languages in each."""

from __future__ import annotations

import logging

from provision.channels._letter import check_address, plain, sender_of
from provision.channels._smtp import send
from provision.channels._templates import filled
from provision.context import Context
from provision.errors import DeliveryUnknown, TokumeiError
from provision.model import Recipient
from provision.portal.members import Member, access_of
from provision.portal.secrecy import new_id

LOGGER = logging.getLogger(__name__)


def send_link(ctx: Context, recipient: Recipient, member: Member, token: str, *, invitation: bool) -> None:
    """Send a one-time link to the address it is for. Errors are logged without the address: nobody who asks for a link
    may learn from the answer whether there is such an account."""
    words = {
        "recipient_ja": recipient.name.ja, "recipient_en": recipient.name.en,
        "operator_ja": ctx.platform.operator.name.ja, "operator_en": ctx.platform.operator.name.en,
        "link": f"{address(ctx)}/enter/{token}", "contact": ctx.platform.operator.contact,
    }  # fmt: skip
    subject = "受領者ポータルへの招待 / Invitation" if invitation else "サインイン用リンク / Sign-in link"
    letter = "invitation" if invitation else "signin"
    _send(ctx, access_of(recipient).mail_connection, member.address, subject, letter, words)


#: What the holder of an account is told of (ASVS 2.2.3, 2.5.5, 2.8.5), ja and en.
NOTICES = {
    "enrolled": ("認証アプリが登録されました。", "An authenticator app was set up for your account."),
    "locking": (
        "認証コードの間違いが続いたため、15分間サインインを止めました。",
        "Sign-in is stopped for 15 minutes: too many codes were wrong.",
    ),
    "replayed": ("使用済みの認証コードがもう一度入力されました。", "A code that had been used was typed again."),
}


def notify(ctx: Context, recipient: Recipient, member: Member, what: str) -> None:
    """Tell the holder of an account what happened to it; of a lock the operators as well, by the account's id."""
    ja, en = NOTICES[what]
    words = {"what_ja": ja, "what_en": en, "contact": ctx.platform.operator.contact}
    subject = "アカウントのお知らせ / About your account"
    _send(ctx, access_of(recipient).mail_connection, member.address, subject, "notice", words)
    if what == "locking":
        platform, told = ctx.platform, {"member": member.id, "recipient": recipient.id}
        subject = "受領者ポータル: アカウントの停止 / An account is locked"
        _send(ctx, platform.alert_connection, platform.alert_address, subject, "locked", told)


def tell_operator(ctx: Context, report: str, order: str, kind: str) -> None:
    """Word of a report to the operators: what kind it is and where to read it, never what it says."""
    words = {"report": report, "order": order, "kind": kind}
    platform, subject = ctx.platform, "受領者からの報告 / A recipient's report"
    _send(ctx, platform.alert_connection, platform.alert_address, subject, "report", words)


def address(ctx: Context) -> str:
    """The portal's address without a slash at its end."""
    return ctx.platform.portal_url.rstrip("/")


def _send(ctx: Context, connection: str, to: str, subject: str, letter: str, words: dict[str, str]) -> None:
    try:
        credentials = ctx.resolver.get(connection)
        recipient = check_address(to, "portal")
        text = filled(f"portal-{letter}", **words)
        send(
            plain(new_id("portal"), sender_of(credentials, connection), recipient, subject, text),
            credentials,
            connection,
        )
    except DeliveryUnknown:
        LOGGER.warning("portal: the mail server gave no clear answer to a letter (%s)", letter)
    except TokumeiError as error:
        LOGGER.error("portal: a letter (%s) was not sent: %s", letter, error)
