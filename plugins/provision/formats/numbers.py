"""Insurer numbers and check digits (保険者番号・検証番号), and the shape of a My Number.

Rule of 保険者番号 and 公費負担者番号: modulus 10, weights 2 and 1 (厚生労働省 保険者番号等設定要領). A failing
check digit is a warning only: published test data fail it, and de-identification never depends on it.
"""

from __future__ import annotations

import polars as pl

from provision.formats.distinct import in_words

_SPACES_AND_HYPHENS = r"[\s\-‐‑–—―−]"
_PADDED = r"^00([0-9]{6})$"
_MY_NUMBER_WEIGHTS = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def canonical_insurer(values: pl.Expr) -> pl.Expr:
    """Insurer numbers as compared everywhere: NFKC, without spaces and hyphens, 6-digit ones without zero padding.

    ``00138057`` and two spaces with ``138057`` are the same insurer. Empty becomes null.
    """
    return values.map_batches(lambda cells: in_words(cells, _bare_insurers), return_dtype=pl.String)


def _bare_insurers(numbers: pl.Series) -> pl.Series:
    number = pl.col("number")
    plain = number.str.normalize("NFKC").str.replace_all(_SPACES_AND_HYPHENS, "").str.replace(_PADDED, "${1}")
    bare = numbers.alias("number").to_frame().select(plain)
    return bare.select(pl.when(number != "").then(number)).to_series()


def canonical_care_number(values: pl.Expr) -> pl.Expr:
    """介護 被保険者番号 as compared everywhere: NFKC, no spaces and hyphens, 10 places.

    Spreadsheets drop leading zeros, so they are put back. ``H`` and nine digits are people on welfare who are not
    insured. Empty becomes null.
    """
    plain = values.str.normalize("NFKC").str.replace_all(_SPACES_AND_HYPHENS, "").str.to_uppercase()
    padded = pl.when(plain.str.contains(r"^[0-9]{1,9}$")).then(plain.str.zfill(10)).otherwise(plain)
    return pl.when(padded != "").then(padded)


def check_digit(body: str) -> int:
    """Check digit of `body` (ASCII digits without the check digit): modulus 10, weights 2, 1, 2, … from the right."""
    products = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body)))
    return -sum(product // 10 + product % 10 for product in products) % 10


def passes_check(number: str) -> bool:
    """True where `number` is 6 or 8 ASCII digits whose last is the check digit of the others."""
    shape = len(number) in {6, 8} and number.isascii() and number.isdigit()
    return shape and check_digit(number[:-1]) == int(number[-1])


def failing_insurer_numbers(values: pl.Series) -> int:
    """How many of the canonical insurer numbers are filled and fail form or check digit."""
    counted = values.drop_nulls().value_counts(name="n")
    return sum(n for number, n in counted.iter_rows() if number and not passes_check(number))


def is_my_number(text: str) -> bool:
    """True where `text` is 12 ASCII digits with the check digit of an individual number (マイナンバー).

    Weights 6,5,4,3,2,7,6,5,4,3,2; 11 minus the sum modulo 11, 10 and 11 giving 0 (個人番号 省令5条).
    """
    if len(text) != 12 or not (text.isascii() and text.isdigit()):
        return False
    rest = sum(int(digit) * weight for digit, weight in zip(text, _MY_NUMBER_WEIGHTS, strict=False)) % 11
    return (0 if rest <= 1 else 11 - rest) == int(text[-1])


def are_my_numbers(numbers: pl.Series) -> pl.Series:
    """`is_my_number` of many strings of 12 ASCII digits at once."""
    value = numbers.cast(pl.Int64)
    digits = [value // 10 ** (11 - place) % 10 for place in range(12)]
    weighted = [digit * weight for digit, weight in zip(digits, _MY_NUMBER_WEIGHTS, strict=False)]
    rest = pl.DataFrame({str(place): column for place, column in enumerate(weighted)}).sum_horizontal() % 11
    expected = pl.select(pl.when(rest <= 1).then(0).otherwise(11 - rest)).to_series()
    return pl.DataFrame({"is": digits[11], "expected": expected}).select(pl.col("is") == pl.col("expected")).to_series()
