"""URL: may carry an account, a token or a page of one person."""

from __future__ import annotations

import re

from expectations.identifiers.base import Example, Identifier, Strength

_FORM = re.compile(r"(?:(?:https?|ftps?)://|(?<![A-Za-z0-9./@-])www\.)[^\s<>\"'、。」)]{3,}", re.IGNORECASE)
# Names of XML and JSON vocabularies look like addresses but lead to nobody.
_VOCABULARY = re.compile(
    r"https?://(?:[a-z0-9-]+\.)*(?:w3\.org|hl7\.org|json-schema\.org|jpfhir\.jp|purl\.org|xml\.org)/"
)


def _search(text: str, context: str) -> Strength | None:
    found = [match.group() for match in _FORM.finditer(text)]
    if not found:
        return None
    return Strength.WEAK if all(_VOCABULARY.match(url.lower()) for url in found) else Strength.LIKELY


KIND = Identifier(
    id="url",
    ja="URL",
    en="Web address",
    legal="APPI Enforcement Rules art. 34 item 1",
    source="RFC 3986, schemes in use",
    search=_search,
    must_match=(
        Example("https://sns.example.jp/users/hanako"),
        Example("ｈｔｔｐ：／／example.jp／ｔａｒｏ"),
        Example("予約はwww.example.jp/p?id=12から"),
    ),
    must_not_match=(
        Example("http://www.w3.org/2001/XMLSchema"),
        Example("1/2/3"),
        Example("www"),
        Example("urn:oid:1.2.392"),
    ),
    needs_digits=False,
)
