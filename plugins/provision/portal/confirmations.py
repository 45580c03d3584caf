"""受領・廃棄・報告: what a recipient tells us of a delivery, by a person who is signed in. All of it goes into the log.

A receipt means that somebody could open it: who confirms types the first digits of the digest D, which only whoever
decrypted the payload can have worked out (``sha256sum tagmanifest-sha256.txt``). Words of a report may say what nobody
should read in a log, so the log has its kind and digest, and the words lie encrypted in the portal.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import date

from provision.accesslog.visit import TOKYO
from provision.context import Context
from provision.errors import Refused
from provision.portal.desk import Desk
from provision.portal.members import Member, refused
from provision.portal.secrecy import new_id, same
from provision.portal.shipments import Shipment
from provision.portal.transfers import all_fetched
from provision.releasing.confirming import confirm

#: Hexadecimal digits of D that are enough, with the limit on tries.
DIGITS = 8
#: kind of problem -> words, ja and en.
PROBLEMS = {
    "cannot-open": ("開けない・鍵が合わない", "It does not open, or the key does not fit"),
    "does-not-verify": ("検証が合わない", "It does not verify"),
    "not-for-us": ("自機関あてではない", "It is not meant for us"),
    "identifiable": ("本人が分かってしまうおそれがある", "It may show who somebody is"),
    "leaked": ("漏えい又はそのおそれがある", "It leaked, or may have"),
    "contents": ("内容に疑問がある", "A question about its contents"),
    "other": ("その他", "Something else"),
}
#: way of destroying -> words, ja and en.
DESTRUCTIONS = {
    "erased": ("データ消去ソフトで消去した", "Erased with a data-erasure program"),
    "key-destroyed": ("復号鍵と平文の写しを全て消去した", "Key and all plain copies erased"),
    "medium-destroyed": ("媒体を物理的に破壊した", "The medium was physically destroyed"),
}
WORDS_LIMIT = 2000
_HEX = re.compile(r"[0-9a-f]{8,64}")


def confirm_receipt(desk: Desk, ctx: Context, member: Member, made: Shipment, typed: str, *, elsewhere: bool) -> None:
    """受領確認. `typed`: D or its first digits; `elsewhere`: the files may have come by another way than through here.

    `Refused` where the digits are not those, or no complete download was seen.
    """
    typed = "".join(unicodedata.normalize("NFKC", typed).split()).lower()
    if not _HEX.fullmatch(typed) or not same(made.digest[: len(typed)], typed):
        raise refused(
            "these are not the first digits of this delivery's digest", "portal.digest",
            "compare the files' checksums; if they agree, do not use the data and report it",
        )  # fmt: skip
    if not elsewhere and not all_fetched(desk, made):
        raise refused("no download of all files is complete yet", "portal.incomplete", "go on with the download first")
    how = f"portal: {member.id} opened it and gave {len(typed)} digits of the digest"
    confirm(ctx, made.order, "received", how=how, actor=member.actor)


def confirm_destruction(
    ctx: Context, member: Member, made: Shipment, *, way: str, day: date, copies: bool, today: date
) -> None:
    """廃棄確認. `Refused` for a way we do not know, a day that cannot be, or where copies may be left."""
    if way not in DESTRUCTIONS or not copies:
        raise refused("say how it was destroyed, and that no copy is left", "portal.destruction", "fill in the form")
    if not made.handed_over.astimezone(TOKYO).date() <= day <= today:
        raise refused("the day lies before the delivery or in the future", "portal.day", "correct the day")
    how = f"portal: {member.id} says: {way} on {day.isoformat()}, no copies left"
    confirm(ctx, made.order, "destroyed", how=how, actor=member.actor)


def report(desk: Desk, ctx: Context, member: Member, made: Shipment, kind: str, words: str) -> str:
    """問題の報告: gives its id. `Refused` for a kind we do not know, or words that are none or too many."""
    words = words.strip()
    if kind not in PROBLEMS or not words or len(words) > WORDS_LIMIT:
        raise refused("choose what it is about and describe it", "portal.report", f"at most {WORDS_LIMIT} characters")
    number = new_id("q")
    ctx.ledger.append(
        "delivery.reported", actor=member.actor, key=f"reported:{number}",
        subjects={"delivery": made.order, "release": made.release, "recipient": member.recipient, "member": member.id},
        payload={"report": number, "kind": kind, "words_sha256": hashlib.sha256(words.encode()).hexdigest()},
    )  # fmt: skip
    with desk.database.opened() as rows:
        rows.execute(
            "INSERT INTO report VALUES (?, ?, ?, ?, ?, ?)",
            (number, member.id, made.order, kind, desk.secrecy.seal(words.encode(), number), desk.clock()),
        )
    return number


def read_report(desk: Desk, number: str) -> tuple[str, str, str]:
    """Delivery, kind and words of a report, for the operator. `Refused` where there is none."""
    with desk.database.opened() as rows:
        row = rows.execute("SELECT delivery, kind, words FROM report WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise Refused(
            "there is no such report",
            rule="portal.report",
            remedy="its number stands in the log entry delivery.reported, on the page of the delivery",
        )
    return row["delivery"], row["kind"], desk.secrecy.open(row["words"], number).decode()
