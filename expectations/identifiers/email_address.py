"""電子メールアドレス."""

from __future__ import annotations

import re

from expectations.identifiers.base import Example, Identifier, Strength

_FORM = re.compile(
    r"(?<![A-Za-z0-9._%+-])([A-Za-z0-9._%+-]{1,64}) ?(?:@|\[at\]|\(at\)) ?"
    r"(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}(?![A-Za-z0-9])",
    re.IGNORECASE,
)
#: Mailboxes of a role (RFC 2142, sections 3 to 5, and the usual ones of a contact for privacy): an organisation is
#: behind them, no person. They still stop a release.
_ROLE = re.compile(
    "info|marketing|sales|support|abuse|noc|security|postmaster|hostmaster|webmaster|contact|privacy|dpo", re.IGNORECASE
)


def _search(text: str, context: str) -> Strength | None:
    """Certain where any address is not that of a role."""
    mailboxes = [found[1] for found in _FORM.finditer(text)]
    if not mailboxes:
        return None
    return Strength.LIKELY if all(_ROLE.fullmatch(mailbox) for mailbox in mailboxes) else Strength.CERTAIN


KIND = Identifier(
    id="email",
    ja="電子メールアドレス",
    en="Email address",
    legal="APPI art. 2(1)(i); Enforcement Rules art. 34 item 1",
    source="RFC 5322 addr-spec, in the subset in use",
    search=_search,
    must_match=(
        Example("hanako.yamada@example.jp", strength=Strength.CERTAIN),
        Example("ｔａｒｏ＠ｅｘａｍｐｌｅ．ｃｏ．ｊｐ", strength=Strength.CERTAIN),
        Example("連絡はtaro_01@mail.example.orgその他", strength=Strength.CERTAIN),
        Example("taro [at] example.com", strength=Strength.CERTAIN),
        Example("お問い合わせ窓口 privacy@example.co.jp", strength=Strength.LIKELY),
        Example("privacy@example.co.jp または hanako.yamada@example.jp", strength=Strength.CERTAIN),
        Example("info.yamada@example.jp", strength=Strength.CERTAIN),
    ),
    must_not_match=(Example("3 @ 5 mg"), Example("@channel"), Example("user@localhost"), Example("50 mg/日")),
    needs_digits=False,
    traces=r"@|\[at\]|\(at\)",
)
