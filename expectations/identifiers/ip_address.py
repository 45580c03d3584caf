"""IPアドレス: version 4 and 6, read by the standard library; a lone :: or a number of sections is weak."""

from __future__ import annotations

import ipaddress
import re

from expectations.identifiers.base import Example, Identifier, Strength, strongest

_FOUR = r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}"
_V4 = re.compile(rf"(?<![0-9A-Za-z.])({_FOUR})(?![0-9A-Za-z]|:[0-9A-Fa-f]*:)")
_V6 = re.compile(
    rf"(?<![0-9A-Fa-f])(?<![0-9A-Fa-f:]:)(?!:(?!:))(?<![0-9A-Za-z](?=[0-9]))((?:[0-9A-Fa-f]{{0,4}}:){{2,7}}(?:{_FOUR}|[0-9A-Fa-f]{{0,4}}))(?![0-9A-Za-z:])"
)
_LABEL = re.compile(r"(?<![a-z])ip(?:v[46])?(?![a-z])|アドレス|address|host|server|端末|接続元", re.IGNORECASE)


def _search(text: str, context: str) -> Strength | None:
    said = _LABEL.search(text) is not None or _LABEL.search(context) is not None
    found = [_four(match.group(1), said) for match in _V4.finditer(text)]
    if ":" in text:
        found += [_six(match.group(1)) for match in _V6.finditer(text)]
    return strongest(*found)


def _four(address: str, said: bool) -> Strength | None:
    """Weak where every part is below ten, as those of a heading or a version are."""
    parts = [int(part) for part in address.split(".")]
    if max(parts) > 255:
        return None
    return Strength.LIKELY if said or max(parts) >= 10 else Strength.WEAK


def _six(address: str) -> Strength | None:
    try:
        number = ipaddress.IPv6Address(address)
    except ValueError:
        return None
    return Strength.WEAK if address == "::" else Strength.CERTAIN if number.is_global else Strength.LIKELY


KIND = Identifier(
    id="ip_address",
    ja="IPアドレス",
    en="Internet protocol address",
    legal="APPI Enforcement Rules art. 34 item 1; item 3 where the operator links by it",
    source="RFC 791, RFC 4291 section 2.2 (text forms)",
    search=_search,
    must_match=(
        Example("192.168.0.1"),
        Example("接続元 203.0.113.25 より"),
        Example("１９２．０．２．１"),
        Example("2400:c401::5054:ff:fe1b:b031", strength=Strength.CERTAIN),
        Example("fe80::1"),
        Example("IPアドレス：198.51.100.19"),
        Example("アドレス：2001:db8:5a3f::b975"),
        Example("::ffff:192.0.2.1"),
        Example("[2001:db8::1]:8080"),
        Example("1.2.3.4", context="ip"),
        Example("1.2.3.4", strength=Strength.WEAK),
    ),
    must_not_match=(
        Example("256.256.256.256"),
        Example("1.2.3.4"),
        Example("12:34:56"),
        Example("192.168.1"),
        Example("1.2.392.200119"),
        Example("2001::db8::1"),
        Example("aa:bb:cc:dd:ee:ff"),
        Example("1:2:3:4"),
    ),
    needs_digits=False,
    traces=r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|::|(?:[0-9a-f]{1,4}:){7}",
)
