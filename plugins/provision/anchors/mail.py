"""Checkpoints by mail to the auditors' own mailboxes, one message each, with the leaf hashes that go with them."""

from __future__ import annotations

from collections.abc import Sequence

from provision.channels._letter import check_address, plain, sender_of
from provision.channels._smtp import send as hand_over
from provision.context import Context
from provision.errors import DeliveryUnknown, RetryLater
from provision.ledger import merkle, notes

_TEXT = """提供記録の署名済みチェックポイント（{size} 件）をお送りします。添付の2つのファイルを、これまでのものと同じ
フォルダに保存してください。提供記録の改変・削除・差替えは、これらと照合すれば検出できます。

A signed checkpoint of the provision log ({size} entries). Please keep both attachments in one folder with the
earlier ones. Whatever is changed in the log later shows against them:

    tokumei ledger verify --path COPY/ledger.db --key LOG_KEY --checkpoint {size}.note

{note}"""


def send(ctx: Context, auditors: Sequence[str], note: str) -> None:
    """Send it to every auditor. A second message of one checkpoint does no harm."""
    connection, size = ctx.platform.alert_connection, notes.parse(note).size
    credentials = ctx.resolver.get(connection)
    hashes = ctx.ledger.folder.leaves(size) or []
    assert all(len(value) == merkle.HASH_SIZE for value in hashes)
    files = {f"{size}.note": note.encode(), f"{size}.leaves": b"".join(hashes)}
    subject, text = f"提供記録チェックポイント {size} / Checkpoint {size}", _TEXT.format(size=size, note=note)
    for number, address in enumerate(auditors):
        to = check_address(address, "platform.yaml, anchors.auditors")
        letter = plain(f"checkpoint.{size}.{number}", sender_of(credentials, connection), to, subject, text, files)
        try:
            hand_over(letter, credentials, connection)
        except DeliveryUnknown:
            raise RetryLater(
                "the mail server gave no clear answer", where=f"connection {connection}", rule="anchor.mail",
                remedy="the same is tried again: a second message of a checkpoint does no harm",
            ) from None  # fmt: skip
