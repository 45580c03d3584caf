"""電子メールアドレス."""

from __future__ import annotations

import re

from expectations.identifiers.base import Example, Identifier, Strength

_FORM = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64} ?(?:@|\[at\]|\(at\)) ?"
    r"(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}(?![A-Za-z0-9])",
    re.IGNORECASE,
)


def _search(text: str, context: str) -> Strength | None:
    return Strength.CERTAIN if _FORM.search(text) else None


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
    ),
    must_not_match=(Example("3 @ 5 mg"), Example("@channel"), Example("user@localhost"), Example("50 mg/日")),
    needs_digits=False,
)
