"""連絡先: telephones that cannot ring, addresses of reserved domains (RFC 2606), postal codes of any seven digits."""

from __future__ import annotations

from random import Random

from benchmarks.leak_matrix.values import Maker, Value, digits, labelled

_AREAS = ("03", "06", "011", "045", "052", "092", "0466", "0997", "04992", "01267")
_MAILBOXES = ("hanako.yamada", "taro_01", "t-suzuki", "sato1978", "k.ito+kaigo", "ume")
_DOMAINS = ("example.jp", "mail.example.co.jp", "example.com", "sub.example.ne.jp", "example.org")


def _landline(draw: Random) -> list[str]:
    """Exchanges that begin with 1 are not assigned (電気通信番号計画)."""
    area = draw.choice(_AREAS)
    return [area, "1" + digits(draw, 5 - len(area)), digits(draw, 4)]


def _mobile(draw: Random) -> list[str]:
    """0 behind 090, 080, 070 is not assigned."""
    return [draw.choice(("090", "080", "070")), "0" + digits(draw, 3), digits(draw, 4)]


def _parts(draw: Random) -> list[str]:
    return draw.choice((_landline, _mobile))(draw)


def _telephone(draw: Random) -> Value:
    a, b, c = _parts(draw)
    shape = draw.choice(("{}-{}-{}", "{}-{}-{}", "({}){}-{}", "{}({}){}", "{} {} {}", "{}.{}.{}"))
    phrase = draw.choice(("{}", "連絡先 {}", "TEL{}", "電話：{}", "夜間は{}へ", "緊急時は{}（長女）", "FAX {}"))
    return Value(shape.format(a, b, c), phrase, "電話番号")


def _bare(draw: Random) -> Value:
    phrase = labelled(
        draw, "電話番号", "電話", "TEL", "携帯", "連絡先", "緊急連絡先", "FAX", "携帯電話番号", "自宅電話"
    )
    return Value("".join(_parts(draw)), phrase, "電話番号")


def _abroad(draw: Random) -> Value:
    a, b, c = _parts(draw)
    shape = draw.choice(("+81-{}-{}-{}", "+81 {} {} {}", "+81{}{}{}", "+81 (0){} {} {}", "0081-{}-{}-{}"))
    return Value(shape.format(a[1:], b, c), draw.choice(("{}", "TEL {}", "連絡先は{}")), "phone")


def _mail(draw: Random) -> Value:
    phrase = draw.choice(("{}", "メール：{}", "連絡は{}へ", "E-mail {}", "（{}）"))
    return Value(f"{draw.choice(_MAILBOXES)}{draw.randint(1, 999)}@{draw.choice(_DOMAINS)}", phrase, "メールアドレス")


def _page(draw: Random) -> Value:
    host = draw.choice(("https://sns.example.jp", "http://www.example.com", "www.example.co.jp"))
    path = draw.choice(("users/hanako", "p?id=", "album/", "u/~taro?session="))
    return Value(f"{host}/{path}{digits(draw, 5)}", draw.choice(("{}", "予約は{}から", "参照 {}")), "URL")


def _zip(draw: Random) -> str:
    return f"{draw.choice('123456789')}{digits(draw, 2)}-{digits(draw, 4)}"


def _zip_led(draw: Random) -> Value:
    text = draw.choice((_zip(draw), _zip(draw).replace("-", "")))
    return Value(text, draw.choice(("〒{}", labelled(draw, "郵便番号", "〒"))), "郵便番号")


MAKERS = (
    Maker("telephone", "written", _telephone, cell=True),
    Maker("telephone", "digits only, labelled", _bare),
    Maker("telephone", "international", _abroad, cell=True),
    Maker("email", "alone", _mail, cell=True),
    Maker("url", "alone", _page, cell=True),
    Maker(
        "zip7",
        "alone",
        lambda draw: Value(_zip(draw), draw.choice(("{}", "自宅は{}の辺り", "住まいは{}")), "郵便番号"),
        cell=True,
    ),
    Maker("zip7", "labelled", _zip_led),
)
