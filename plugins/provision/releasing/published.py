"""What a payload's documents may say of operator and recipient: as configuration declares it, where templates put it.

The words around each text are those of `packaging/notice.py` and `packaging/templates/`. Where a template changes, the
gate stops the next release until its place is entered here: that is meant.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

from expectations.contract import AllowedText
from provision.model import Operator, Recipient
from provision.packaging.notice import README
from provision.packaging.payload import START, TERMS


def published(operator: Operator, recipient: Recipient) -> tuple[AllowedText, ...]:
    """The operator's contact and name and the recipient's name (`config/platform.yaml`, the agreement), by place."""
    return (*_readme(operator, recipient), *_pages(operator, recipient), *_bag(operator))


def _readme(operator: Operator, recipient: Recipient) -> Iterator[AllowedText]:
    document, ja, en = f"data/{README}", operator.name.ja, operator.name.en
    yield AllowedText(document, operator.contact, "お問い合わせ・苦情の窓口: ")
    yield AllowedText(document, operator.contact, "Enquiries and complaints: ")
    yield AllowedText(document, f"{ja}が{recipient.name.ja}", "「匿名加工情報」です。", "に提供します。")
    yield AllowedText(document, f"{en} to {recipient.name.en}", "provided by ", ". The recipient")


def _pages(operator: Operator, recipient: Recipient) -> Iterator[AllowedText]:
    names, theirs = (f"{who.name.ja} / {who.name.en}" for who in (operator, recipient))
    start, terms = f"data/{START}", f"data/{TERMS}"
    for text in dict.fromkeys((operator.contact, html.escape(operator.contact))):
        yield AllowedText(start, text, "窓口 / Contact</th><td>", "</td>")
        yield AllowedText(terms, text, "<li>窓口 / Contact: ", "</li>")
    for document, label, text in (
        (start, "提供者 / Provider", names),
        (terms, "提供者 / Provider", names),
        (terms, "受領者 / Recipient", theirs),
    ):
        for written in dict.fromkeys((text, html.escape(text))):
            yield AllowedText(document, written, f"{label}</th><td>", "</td>")
    yield AllowedText(start, operator.name.ja, "<p>", "「")
    yield AllowedText(start, operator.name.en, '<p lang="en">', ": ")


def _bag(operator: Operator) -> Iterator[AllowedText]:
    yield AllowedText("bag-info.txt", operator.name.en, "Source-Organization: ")
