"""Names in running text. Read only where something says that a person is meant; a term with a name in it never is.

A cue is a title behind it (山田看護師), a role before it (主治医：山田), something done to or by it (山田に報告),
brackets, a signature (山田記), a house named after it (山田医院), or a surname and a given name that fill a run of
kanji exactly. The cues themselves are in `_name_cues`.
A name that no list knows counts too where it looks like one (`_unlisted`): 鴫垣看護師, not 訪問看護師.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from expectations.identifiers import _name_cues as cues
from expectations.identifiers._names import names
from expectations.identifiers._unlisted import (
    IN_FULL_NAME,
    PERSONS,
    SURE,
    TERM,
    WORD,
    alike,
    alike_word,
    at_title,
    in_brackets,
)
from expectations.identifiers.base import Strength, strongest
from expectations.text import katakana, plain_kanji


def in_text(text: str) -> Strength | None:
    """Strength of the surest name in `text` (normal form)."""
    plain = plain_kanji(text)
    best: Strength | None = None
    for look in _LOOKS:
        best = strongest(best, look(plain))
        if best == Strength.CERTAIN:
            break
    return best


def of_staff(text: str) -> Strength | None:
    """Strength of the surest name in `text` (normal form) of somebody who treats or cares: with a job or a role."""
    plain = plain_kanji(text)
    return strongest(_titled(plain, cues.JOB), _roles(plain, cues.STAFF))


def _titled(text: str, titles: re.Pattern[str] = cues.ANY) -> Strength | None:
    best = None
    for found in cues.TITLED.finditer(text):
        run, spaced, kana, title = found.groups()
        if not titles.fullmatch(title) or (kana and not _first_name_in_kana(run, kana)):
            continue  # 入眠できない様, 自己体動困難であり看護師: kana between that are no given name
        if title in ("様", "氏") and (_is_finding(run) or cues.LIKE.match(found.string, found.end())):
            continue
        best = strongest(best, _one_character(run), _person(run, spaced or kana or "", unknown=True))
        if spaced and best is None:  # 14時 山田様: the blank is not between surname and given name
            best = _person(spaced, "", unknown=True)
    return best


def _first_name_in_kana(run: str, kana: str) -> bool:
    known = names()
    return run in known.plain_surnames or alike(run, SURE) or (_is_given(kana) and (len(run) > 1 or run in known.many))


def _is_finding(run: str) -> bool:
    """結石様 and 敷石様 are, 清水様 and 鴫石様 are not."""
    known = names()
    if not cues.FINDING.search(run) or run in known.sure_surnames:
        return False
    return known.ordinary(run) or not alike(run, WORD)


def _roles(text: str, roles: re.Pattern[str] = cues.ANY) -> Strength | None:
    best = None
    for found in cues.AFTER_ROLE.finditer(text):
        role, gap, run, given = found.groups()
        if not roles.fullmatch(role):
            continue
        sure = role.endswith("医") or role[0] in "DNPOMド"
        # Behind Dr. and 氏名 stands a name and nothing else, with a blank or none; behind 担当 also what is done.
        short = len(run) <= (6 if role[0].isascii() or cues.NAMING.fullmatch(role) else 3)
        unknown = (
            gap.strip()[:1] in tuple(":(=「/|") if gap.strip() else (sure or bool(cues.NAMING.search(role))) and short
        )
        best = strongest(best, _one_character(run) if gap else None, _person(run, given or "", unknown=unknown))
    for found in cues.RELATIVE.finditer(text) if roles is cues.ANY else ():
        best = strongest(
            best, _first_name(found.group(1)) or _person(found.group(1), found.group(2) or "", unknown=True)
        )
    return best


def _one_character(run: str) -> Strength | None:
    """南医師, 担当：東: a surname of one character that so many bear that it is one beside a title or a role."""
    return Strength.LIKELY if len(run) == 1 and run in names().many else None


def _first_name(name: str) -> Strength | None:
    known = names()
    if name in known.words or name in PERSONS:
        return None
    return Strength.LIKELY if name in known.given or (len(name) > 1 and katakana(name) in known.given_kana) else None


def _person(run: str, given: str, *, unknown: bool) -> Strength | None:
    """The run of kanji at a cue: a surname, a surname with a given name, or (`unknown`) no ordinary word at all."""
    known = names()
    stripped = cues.LEADING.sub("", run)
    for name in dict.fromkeys((run, stripped)):
        if name in PERSONS:
            continue
        if name in known.surnames and (len(name) > 1 or unknown):
            return Strength.CERTAIN if given and _is_given(given) else Strength.LIKELY
        if _split(name):
            return Strength.CERTAIN if len(name) >= 3 else Strength.LIKELY
    if any(run[:cut] in known.words and run[cut:] in known.plain_surnames for cut in range(2, len(run) - 1)):
        return Strength.LIKELY
    if unknown and len(given) > 1 and given in known.given and given not in known.words:
        return Strength.LIKELY  # 氏名：千種 健雄: the given name says that the word before it is a surname
    return Strength.LIKELY if unknown and run not in PERSONS and at_title(run, stripped) else None


def _is_given(given: str) -> bool:
    return given in names().given or katakana(given) in names().given_kana


def _split(run: str) -> bool:
    """True where `run` is a surname and a given name, and no compound of ordinary words."""
    known = names()
    if not 3 <= len(run) <= 6 or known.ordinary(run):
        return False
    return any(
        run[:cut] in known.surnames and run[cut:] in known.given and (cut > 1 or len(run) == 3)
        for cut in range(1, len(run))
        if len(run) - cut <= 3
    )


def _surnames(pattern: re.Pattern[str]) -> Callable[[str], Strength | None]:
    """Weak cues: only a surname that hardly means anything else, alone or with a given name."""

    def look(text: str) -> Strength | None:
        sure = names().sure_surnames
        runs = (found.group(1) for found in pattern.finditer(text))
        hit = any((run in sure and not TERM.search(run)) or _full(run) for run in runs)
        return Strength.LIKELY if hit else None

    return look


def _one_in_brackets(text: str) -> Strength | None:
    """（堀）: not （東）, which is a wing of the house."""
    return Strength.LIKELY if any(f.group(1) in names().many - PERSONS for f in cues.ONE.finditer(text)) else None


def _full(run: str) -> bool:
    """A full name that needs no cue: no compound of words, no term, and a given name that fits the surname."""
    known = names()
    if not 3 <= len(run) <= 6 or known.ordinary(run) or TERM.search(run):
        return False
    return any(_surname_and_given(run[:cut], run[cut:]) for cut in range(1, len(run)) if len(run) - cut <= 3)


def _surname_and_given(surname: str, given: str) -> bool:
    """The surer the surname, the less is asked of the given name, and the other way round."""
    known = names()
    if given not in known.given or given in cues.NOT_GIVEN or surname in PERSONS:
        return False
    if surname in known.plain_surnames:
        return given not in known.words or surname in known.many or alike(surname, SURE)
    word = known.ordinary(surname)
    if len(given) < 2 or given in known.words:
        return (alike_word if word else alike)(surname, SURE)
    return surname in known.counted or (alike_word(surname, WORD) if word else alike(surname, IN_FULL_NAME))


def _alone(text: str) -> Strength | None:
    if any(_full(found.group(1)) for found in cues.FULL.finditer(text)):
        return Strength.LIKELY
    pairs = (found.groups() for found in cues.SPACED.finditer(text))
    return Strength.LIKELY if any(_spaced(surname, given) for surname, given in pairs) else None


def _spaced(surname: str, given: str) -> bool:
    kana = katakana(given) in names().given_kana and len(given) > 1
    return surname in names().plain_surnames if kana else _surname_and_given(surname, given)


def _people(pattern: re.Pattern[str]) -> Callable[[str], Strength | None]:
    """Cues only people have: a name that no list knows counts as well, one character only where many bear it."""

    def look(text: str) -> Strength | None:
        runs = [found.group(1) for found in pattern.finditer(text)]
        known = names()
        return strongest(*(_person(run, "", unknown=True) for run in runs if len(run) > 1 or run in known.many))

    return look


def _signed(text: str) -> Strength | None:
    """山田記; 検温時上記 says that something stands above."""
    known, best = names(), None
    for found in cues.SIGNED.finditer(text):
        if found.group(2) == "の":  # 計画書の作成
            continue
        for run in filter(cues.KANJI.fullmatch, found.groups("")):  # 14時 山田記: the second as well
            if run in known.many or (len(run) > 1 and (run in known.surnames or not cues.ABOVE.search(run))):
                best = strongest(best, _person(run, "", unknown=True))
    return best


def _bracketed(text: str) -> Strength | None:
    """A name in brackets that no list knows: abbreviations stand there too, so it has to look like a surname."""
    found = any(in_brackets(one.group(1)) for one in cues.BRACKETS.finditer(text))
    return Strength.LIKELY if found else None


def _houses(text: str) -> Strength | None:
    runs = [found.group(1) for found in cues.HOUSE.finditer(text)]
    return Strength.LIKELY if any(_owner(run) for run in runs) else None


def _owner(run: str) -> bool:
    """A house is named after somebody: a surname, or no ordinary word."""
    known = names()
    if cues.OURS.fullmatch(run):
        return False
    if run in known.counted:
        return run not in PERSONS and run not in cues.HOUSES
    if alike_word(run, SURE):
        return run not in cues.HOUSES
    return len(run) > 1 and not (known.ordinary(run) or TERM.search(run) or run in cues.HOUSES)


_LOOKS = (
    _titled,
    _roles,
    _people(cues.TOLD),
    _signed,
    *(_surnames(pattern) for pattern in (cues.ACTS, cues.BRACKETS)),
    _one_in_brackets,
    _bracketed,
    _houses,
    _alone,
)
