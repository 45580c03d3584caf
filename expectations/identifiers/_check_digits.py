"""Check digits of Japanese and card numbers, over ASCII digit strings."""

from __future__ import annotations


def my_number(digits: str) -> bool:
    """個人番号, 12 digits: 11 - (sum P_n Q_n mod 11), 0 where the remainder <= 1 (order no. 85 of 2014, art. 5)."""
    return len(digits) == 12 and _weighted_11(digits[:-1]) == int(digits[-1])


def resident_record_code(digits: str) -> bool:
    """住民票コード, 11 digits: the same form over ten digits."""
    return len(digits) == 11 and _weighted_11(digits[:-1]) == int(digits[-1])


def _weighted_11(body: str) -> int:
    total = sum(int(p) * (n + 1 if n <= 6 else n - 5) for n, p in enumerate(reversed(body), start=1))
    remainder = total % 11
    return 0 if remainder <= 1 else 11 - remainder


def mrz(field: str) -> int:
    """Check digit of a field of a machine-readable zone: weights 7, 3, 1, letters A = 10 (ICAO Doc 9303-3, 4.9)."""
    values = ("<0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(sign) for sign in field)
    return sum(max(0, value - 1) * (7, 3, 1)[place % 3] for place, value in enumerate(values)) % 10


def luhn(digits: str) -> bool:
    """Weights 1, 2, 1, … from the right, digit sums, modulus 10: cards (ISO/IEC 7812-1) and 保険者番号."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
