"""Check digits, worked out once more: a benchmark that borrowed the gate's would agree with its mistakes."""

from __future__ import annotations


def my_number(body: str) -> str:
    """個人番号: `body` of eleven digits and its check digit (総務省令第85号 of 2014, art. 5)."""
    weights = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(w * int(d) for w, d in zip(weights, body, strict=True)) % 11
    return body + str(0 if rest <= 1 else 11 - rest)


def resident_record_code(body: str) -> str:
    """住民票コード: `body` of ten digits and a check digit of the same form."""
    weights = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(w * int(d) for w, d in zip(weights, body, strict=True)) % 11
    return body + str(0 if rest <= 1 else 11 - rest)


def modulus_10(body: str) -> str:
    """`body` and its digit by weights 2, 1, 2, … from the right (保険者番号等の設定要領; ISO/IEC 7812-1 for cards)."""
    doubled = [int(d) * (2, 1)[place % 2] for place, d in enumerate(reversed(body))]
    return body + str(-sum(number // 10 + number % 10 for number in doubled) % 10)
