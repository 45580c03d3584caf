"""What the kinds of health insurance share: insurer, symbol and number in one text, told apart by the law number.

The first two of the eight digits of an insurer number say which law the insurance is under (法別番号, 保険者番号等設定
要領 別表第1); six digits are National Health Insurance. So `33120015:12:5678` belongs to exactly one kind.
"""

from __future__ import annotations

import re

from expectations.identifiers._check_digits import luhn
from expectations.identifiers.base import Labelled, Search, Strength

#: A number of an insurance, with its symbol where it has one.
VALUE = r"(?:[0-9A-Za-zぁ-んァ-ヶ一-鿿]{0,10}[-・ ])?[0-9]{2,19}"
#: A number behind the name of its insurance; points and yen are behind such names as well, so the word must be there.
WORD = r"(?:の)?(?:被保険者|加入者|組合員|組合員等|被扶養者)?(?:証)?(?:等)?(?:の)?(?:記号(?:・|及び|と)?)?番号"
_GAP = r"[ :=は(,|、・/)]{0,4}"
_SYMBOL = r"(?!番号)[0-9A-Za-z一-鿿ァ-ヶぁ-ん][0-9A-Za-z一-鿿ァ-ヶぁ-ん・.-]{0,18}"
_PAIR = (
    r"[ :(（]{0,2}(?:の)?(?:被保険者|加入者|組合員)?(?:証)?(?:等)?(?:の)?"
    rf"記号{_GAP}{_SYMBOL}{_GAP}番号{_GAP}[0-9]{{1,19}}(?![0-9文桁字])"
)
_COMPOSITE = re.compile(
    r"(?<![0-9A-Za-z:])(?!(?:19|20)[0-9]{6}:[0-2][0-9]:[0-5][0-9])([0-9]{6}|[0-9]{8}):([^:\s]{0,38}):([^:\s]{1,38})"
    r"(?::[0-9]{2})?(?![0-9A-Za-z:])"
)
#: Traces of insurer:symbol:number.
COMPOSITE = r"[0-9]{6}:[^:]{0,38}:[^:]"


def composites(text: str) -> list[str]:
    """Insurer numbers of every insurer:symbol:number in `text` (normal form)."""
    return [found.group(1) for found in _COMPOSITE.finditer(text) if re.search("[0-9]", found.group(3))]


def of_composite(insurers: list[str]) -> Strength | None:
    """Certain where an insurer number has its check digit (modulus 10), else likely."""
    if not insurers:
        return None
    return Strength.CERTAIN if any(luhn(insurer) for insurer in insurers) else Strength.LIKELY


def insured(names: str, columns: str, laws: frozenset[str]) -> Search:
    """A search for one insurance: its name (`names`) before symbol and number, a column named so, or its law number.

    `laws` are law numbers of eight-digit insurers; the empty string stands for insurers of six digits.
    """
    led = Labelled(rf"(?:{names}) ?{WORD}|{columns}", VALUE)
    pair = re.compile(rf"(?:{names}){_PAIR}")

    def search(text: str, context: str) -> Strength | None:
        if led(text, context) or pair.search(text):
            return Strength.CERTAIN
        return of_composite([one for one in composites(text) if (one[:2] if len(one) == 8 else "") in laws])

    return search
