"""The draft as YAML: per column its heading, a guess with its reason, and the mark that a person has to confirm it.

The guess is that of the heading where the cells have the shape it asks for. Anything else is ``free`` where it is long
text and ``direct`` otherwise: dropped, until a person says what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import yaml

from provision import codes
from provision.formats.headings import fold
from provision.formats.ledger_columns import CODES
from provision.layouts import Delimited, Excel, FileKind
from provision.proposing.dictionary import Meaning, is_personal, meaning
from provision.proposing.looking import Looked
from provision.proposing.shapes import SURE, Shapes

_STRICT = Meaning("", "", "direct", "string", "none", "", 0, "")
_HEAD = """# A draft from the headings and the shapes of one file; no value of it stands here.
# Check every column (class, domain, unit, category of the policy), give it a name, and remove its line "confirm".
# tokumei config check refuses the layout until no column has it. docs/data-team.md says what the words mean.
id: {id}
title: {{ja: 表, en: Table}}
edition: draft
file: {file}
head: {{name: row, ja: 行, en: Row}}
unknown_columns: drop
{facility}columns:"""
_FACILITY = 'facility: ""    # write who gave out these numbers, where no column says so\n'
_NUMBERS = ("whole numbers", "decimal numbers")


def written(looked: Looked, layout_id: str) -> str:
    """The draft of a layout."""
    guessed = list(_guesses(looked))
    columns = [column for column in guessed if column[1].cls != "test_value"]
    charts = any(guess.role == "chart" for _, guess, _ in columns) and all(g.role != "facility" for _, g, _ in columns)
    lines = [_HEAD.format(id=layout_id, file=_file(looked.kind), facility=_FACILITY if charts else "")]
    for heading, guess, reason in columns:
        lines += _column(heading, guess, reason)
    values = [column for column in guessed if column[1].cls == "test_value"]
    lines += ["test_values:"] if values else []
    for heading, guess, reason in values:
        lines += _value(heading, guess, reason)
    return "\n".join(lines) + "\n"


def _guesses(looked: Looked) -> Iterator[tuple[str, Meaning, str]]:
    """Heading, guess and reason of every column with a heading; names and roles occur once."""
    names, roles, seen = set[str](), set[str](), set[str]()
    for number, (heading, shapes) in enumerate(zip(looked.headings, looked.shapes, strict=True), 1):
        if not fold(heading) or fold(heading) in seen:
            continue
        seen.add(fold(heading))
        guess, why = _guess(heading, shapes)
        name = guess.name if guess.name and guess.name not in names else f"column_{number}"
        role = guess.role if guess.role not in roles else ""
        names.add(name)
        roles |= {role} - {""}
        yield (
            heading,
            replace(guess, name=name, role=role, en=guess.en or f"Column {number}"),
            f"{why}; {shapes.in_words()}",
        )


def _guess(heading: str, shapes: Shapes) -> tuple[Meaning, str]:
    known = meaning(heading)
    if known is not None and _has_the_shape(known, shapes):
        return known, "known heading"
    if known is not None:
        return replace(_STRICT, name=known.name if known.cls != "test_value" else "", en=known.en), (
            "known heading, but the cells are not what it says"
        )
    if is_personal(heading):
        return _STRICT, "the heading speaks of a person"
    if shapes.long or shapes.share("text with kanji", "other text") > 0.5:
        return replace(_STRICT, cls="free", domain="free"), "nobody knows the heading; perhaps free text"
    return _STRICT, "nobody knows the heading"


def _has_the_shape(known: Meaning, shapes: Shapes) -> bool:
    """Whether the cells are what the heading says. A column that is dropped need not be."""
    if known.domain in {"none", "free"}:
        return True
    if known.cls == "test_value" or known.dtype in {"integer", "decimal"}:
        return shapes.share(*_NUMBERS) >= (0.8 if known.cls == "test_value" else SURE)
    if known.domain.startswith("code:"):
        name = known.domain.removeprefix("code:")
        return shapes.within({fold(word) for word in (*codes.load(name).names, *CODES.get(name, {}))})
    if known.domain in {"date", "month"}:
        return shapes.share("dates", *(("months",) if known.domain == "month" and known.cls != "birth" else ())) >= SURE
    if known.domain == "zip3":
        return shapes.of_length(7) + shapes.share("digits in groups") >= SURE
    return shapes.of_length(5, 6, 7, 8) >= SURE


def _column(heading: str, guess: Meaning, reason: str) -> list[str]:
    said = [f"class: {guess.cls}"]
    said += [f"dtype: {guess.dtype}"] if guess.dtype != "string" else []
    said += [f'domain: "{guess.domain}"'] if guess.domain != "none" else []
    said += [f'unit: "{guess.unit}"'] if guess.unit else []
    said += [f"category: {guess.category}"] if guess.category else []
    said += [f"role: {guess.role}"] if guess.role else []
    return [
        f"  - name: {guess.name}    # {reason}",
        *_headed(heading, guess),
        *(f"    {each}" for each in said),
        _CONFIRM,
    ]


_CONFIRM = "    confirm: required"


def _value(heading: str, guess: Meaning, reason: str) -> list[str]:
    unit = [f'    unit: "{guess.unit}"'] if guess.unit else []
    return [f"  - item: {guess.name}    # {reason}", *_headed(heading, guess), *unit, _CONFIRM]


def _headed(heading: str, guess: Meaning) -> list[str]:
    quoted = _quoted(heading)
    return [f"    headings: [{quoted}]", f"    ja: {quoted}", f"    en: {guess.en}"]


def _quoted(text: str) -> str:
    """As a YAML scalar on one line."""
    return yaml.safe_dump(text, allow_unicode=True, default_style='"', width=10**9).strip()


def _file(kind: FileKind) -> str:
    said = [f"kind: {kind.kind}"]
    if isinstance(kind, Delimited):
        said += [f"separator: {kind.separator}", "encoding: auto"]
    if isinstance(kind, Excel) and kind.sheet:
        said.append(f"sheet: {_quoted(kind.sheet)}")
    if isinstance(kind, Delimited | Excel):
        said.append(f"header_row: {kind.header_row}")
    return "{" + ", ".join(said) + "}"
