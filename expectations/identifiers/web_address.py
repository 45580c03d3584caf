"""URL: may carry an account, a token or a page of one person."""

from __future__ import annotations

import re

from expectations.identifiers.base import Example, Identifier, Strength

_FORM = re.compile(r"(?:(?:https?|ftps?)://|(?<![A-Za-z0-9./@-])www\.)[^\s<>\"'、。」)]{3,}", re.IGNORECASE)
# A domain alone, in the zones where a person may have a page; names of files and of programs look alike elsewhere.
_DOMAIN = re.compile(
    r"(?<![A-Za-z0-9./@_-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:com|net|org|info|biz|jp|me|io|(?:co|ne|or|ac|go|com)\.[a-z]{2})"
    r"(?![A-Za-z0-9.-][A-Za-z0-9]|[A-Za-z0-9(])",
    re.IGNORECASE,
)
# Names of XML and JSON vocabularies look like addresses but lead to nobody.
_VOCABULARY = re.compile(
    r"https?://(?:[a-z0-9-]+\.)*(?:w3\.org|hl7\.org|json-schema\.org|jpfhir\.jp|purl\.org|xml\.org)(?:/|$)(?!.*\?)"
)
# A question mark or a fragment carries what was asked, or whose page it is.
_TELLING = re.compile(r"[?#&][^\s]*=|/~|/(?:users?|u|profile|account|patients?|members?)/|token|session", re.IGNORECASE)


def _search(text: str, context: str) -> Strength | None:
    found = [match.group() for match in _FORM.finditer(text)]
    if any(_TELLING.search(url) and not _VOCABULARY.match(url.lower()) for url in found):
        return Strength.CERTAIN
    if any(not _VOCABULARY.match(url.lower()) for url in found) or _DOMAIN.search(text):
        return Strength.LIKELY
    return Strength.WEAK if found else None


KIND = Identifier(
    id="url",
    ja="URL",
    en="Web address",
    legal="APPI Enforcement Rules art. 34 item 1",
    source="RFC 3986, schemes in use",
    search=_search,
    must_match=(
        Example("https://sns.example.jp/users/hanako", strength=Strength.CERTAIN),
        Example("https://emr.example.jp/view?id=0012345", strength=Strength.CERTAIN),
        Example("http://microsoft.site"),
        Example("ブログは hanako-blog.example.com です"),
        Example("ｈｔｔｐ：／／example.jp／ｔａｒｏ"),
        Example("予約はwww.example.jp/p?id=12から", strength=Strength.CERTAIN),
    ),
    must_not_match=(
        Example("http://www.w3.org/2001/XMLSchema"),
        Example("1/2/3"),
        Example("www"),
        Example("codebook.ja.html"),
        Example("pl.com.example"),
        Example("v1.2.net45"),
        Example("urn:oid:1.2.392"),
    ),
    needs_digits=False,
    traces=r"://|www\.|\.(?:com|net|org|info|biz|jp|me|io|(?:co|ne|or|ac|go)\.)",
)
