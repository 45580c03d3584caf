"""検査値と回答 of FHIR: rows of the tables ``test_value`` and ``answer`` from Observations and QuestionnaireResponses.

An Observation is a row, and so is each of its components (blood pressure); one that has components and no value of its
own is none. A number counts with a unit of ours only, or without any: a number of an unknown unit is not comparable.
Words are read where they are the sign of a qualitative test, such as ``(±)`` or ``2+``; all others are dropped and
counted. Answers in words, dates and attachments are dropped and counted, and so are answers to questions that nobody
named. A question without an answer is a row.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from provision import codes
from provision.formats.fhircoded import Coded, Places, Rows, together
from provision.formats.fhircolumns import Walk, days, listed, numbers, written
from provision.formats.fhirelements import Nodes, is_said
from provision.formats.fhirpaths import Path, parse, table
from provision.formats.fhirrows import Group
from provision.formats.fhirsystems import TEST, Systems
from provision.formats.testvalues import item_of
from provision.formats.units import unit_of

#: HL7 data-absent-reason -> our words (config/codes/test_absent.tsv).
_ABSENT: Mapping[str, str] = {
    "unknown": "unknown", "asked-unknown": "unknown", "temp-unknown": "unknown", "not-asked": "not_done",
    "not-performed": "not_done", "asked-declined": "refused", "error": "not_measurable",
    "not-a-number": "not_measurable", "negative-infinity": "not_measurable", "positive-infinity": "not_measurable",
}  # fmt: skip
#: Signs of qualitative tests -> their one spelling.
_SIGNS: Mapping[str, str] = {
    "-": "neg", "陰性": "neg", "±": "trace", "+-": "trace", "陽性": "1pos", "+": "1pos", "++": "2pos", "+++": "3pos",
    **{f"{n}+": f"{n}pos" for n in range(1, 6)}, **{f"+{n}": f"{n}pos" for n in range(1, 6)},
    "neg": "neg", "pos": "1pos", "trace": "trace",
}  # fmt: skip
_HYPHENS = str.maketrans(dict.fromkeys("‐‑‒–—―−ー", "-") | {"(": None, ")": None, " ": None})
_OID = "urn:oid:"


def values(group: Group, systems: Systems, counts: Counter[str]) -> Rows:
    """The texts of `TEST_VALUE` but for the number of the value: of Observations and their components, in order."""
    nodes = group.nodes
    telling, parts, places = _measured(nodes.items)
    whole = Walk(nodes)
    halves = [(telling, nodes.at(telling)), (places, Nodes("", parts))]
    found = [_columns(Walk(half), systems, counts) for _, half in halves if half.items]
    at = np.concatenate([telling, places])
    order = np.argsort(at, kind="stable")
    columns = {name: together([columns[name] for columns in found]).at(order) for name in (found[0] if found else ())}
    columns["observed"] = days(whole.column(_of("observed", whole=True), systems)).at(at[order])
    made = Rows(np.array(group.owners, np.int64)[at[order]], columns)
    known = columns["code"].filled if found else np.zeros(0, np.bool_)
    lost = int(np.count_nonzero(~known))
    counts["fhir.no_known_code:test_value"] += lost
    return made.at(known) if lost else made


def _columns(walk: Walk, systems: Systems, counts: Counter[str]) -> dict[str, Coded]:
    """The columns of what has a value."""
    flags = listed(walk.column(_of("flag"), systems), "test_flag", counts, "code:test_value.flag")
    return {
        **_codes(walk, systems),
        **_amounts(walk, systems, counts),
        **_results(walk, systems, counts),
        "ref_low": numbers(walk.column(_of("ref_low"), systems, numeric=True)),
        "ref_high": numbers(walk.column(_of("ref_high"), systems, numeric=True)),
        "flag": flags,
        "absent": walk.column(_of("absent"), systems).read(_ABSENT.get),
    }


def _measured(observations: Sequence[Any]) -> tuple[Places, list[Any], Places]:
    """The places of the Observations that have a value themselves; all components, and the places of their own."""
    parts: list[Any] = []
    places: list[int] = []
    telling = np.ones(len(observations), np.bool_)
    for place, components in enumerate(map(attrgetter("f_component"), observations)):
        if components and (own := [part for part in components if part is not None]):
            telling[place] = _says_something(observations[place])
            parts += own
            places += [place] * len(own)
    return np.flatnonzero(telling), parts, np.array(places, np.int64)


def _of(name: str, *, whole: bool = False) -> tuple[Path, ...]:
    """The paths of a column from an Observation, or from what has a value: it or its components, with the same
    elements."""
    field = next(f for f in table().fields if f.table == "test_value" and f.column.name == name)
    paths = parse(field.record)
    return tuple(path for path in paths if whole or path.steps[0].name != "component")


def _says_something(node: Any) -> bool:
    said = is_said(node.f_valueQuantity) or is_said(node.f_valueCodeableConcept)
    return bool(said or node.f_valueString or bytes(node.f_valueInteger))


def _codes(walk: Walk, systems: Systems) -> dict[str, Coded]:
    """The first coding of a system of tests, of several the one that is an item of ours."""
    tests = {address: systems.addresses[address] for address in systems.of(TEST)}
    code, coding = _of("code")[0].steps
    places, concepts = walk.through(code)
    chosen: list[tuple[str, str] | None] = [None] * concepts.size
    for owner, one in zip(*concepts.at((coding,)), strict=True):
        if (word := tests.get(one.f_system)) is None or not one.f_code:
            continue
        if (held := chosen[owner]) is None or (not item_of(*held) and item_of(word, one.f_code)):
            chosen[owner] = word, one.f_code
    said = Coded.of(chosen)
    found = {
        "item": said.read(lambda one: item_of(*one) or None),
        "code_system": said.read(lambda one: one[0]),
        "code": said.read(lambda one: one[1]),
    }
    return {name: column.at(places) for name, column in found.items()}


def _amounts(walk: Walk, systems: Systems, counts: Counter[str]) -> dict[str, Coded]:
    """Number, comparator and unit; nothing of them where unit or comparator are none of ours."""
    paths = [*_of("unit"), *_of("comparator")]  # the code, and what is shown
    places, quantities = walk.through(paths[0].steps[0])
    texts = [quantities.column([Path("", path.steps[1:])], systems).texts() for path in paths]
    said = Coded.of(list(zip(*texts, strict=True))).at(places)
    known = codes.load("comparator").names
    strange = said.having(lambda one: (one[0] or one[1]) is not None and _ours(one) is None)
    wrong = said.having(lambda one: one[2] is not None and one[2] not in known)
    counts["fhir.unknown_unit:test_value"] += int(np.count_nonzero(strange))
    counts["fhir.unknown_comparator:test_value"] += int(np.count_nonzero(wrong))
    found = {
        "value_number": numbers(walk.column(_of("value_number"), systems, numeric=True)),
        "comparator": said.read(lambda one: one[2]),
        "unit": said.read(_ours),
    }
    return {name: column.without(strange | wrong) for name, column in found.items()}


def _ours(said: tuple[str | None, str | None, str | None]) -> str | None:
    """Our word for a unit of which code and name are given."""
    code, name, _ = said
    return unit_of(code) or unit_of(name)


def _results(walk: Walk, systems: Systems, counts: Counter[str]) -> dict[str, Coded]:
    """A coded result with the OID of its system, or the sign that a text is."""
    coded, written = _of("value_code")
    texts = walk.column([written], systems)
    signs = texts.read(_sign)
    counts["fhir.words:test_value"] += int(np.count_nonzero(texts.filled & ~signs.filled))
    places, concepts = walk.through(coded.steps[0])
    said: list[tuple[str, str] | None] = [None] * concepts.size
    owners, codings = concepts.at(coded.steps[1:-1])
    for owner, coding in zip(reversed(owners), reversed(codings), strict=True):
        if coding.f_code and (coding.f_system or "").startswith(_OID):
            said[owner] = coding.f_code, coding.f_system.removeprefix(_OID)
    results = Coded.of(said).at(places)
    return {
        "value_code": results.read(lambda one: one[0]).or_else(signs),
        "value_system": results.read(lambda one: one[1]),
    }


def _sign(text: str) -> str | None:
    return _SIGNS.get(unicodedata.normalize("NFKC", text).translate(_HYPHENS)) if len(text) < 16 else None


def answers(group: Group, systems: Systems, counts: Counter[str]) -> Rows:
    """The texts of `ANSWER` but for the number of the answer."""
    made: list[tuple[int, Any, str, Any]] = []
    for owner, resource in zip(group.owners, group.nodes.items, strict=True):
        for item in _items(resource.f_item):
            given = [one for one in item.f_answer or () if one is not None]
            if item.f_linkId not in systems.questions:
                counts["fhir.unknown_question"] += bool(given)
            elif given:
                made += [(owner, resource, item.f_linkId, one) for one in given]
            elif not _children(item):
                made.append((owner, resource, item.f_linkId, None))
    cells = [_answer(one) for *_, one in made]
    columns = {
        "answered": days(Coded.of([resource.f_authored for _, resource, *_ in made])),
        "question": Coded.of([question for *_, question, _ in made]),
        "answer_code": Coded.of([code for code, *_ in cells]),
        "answer_system": Coded.of([system for _, system, *_ in cells]),
        "answer_number": numbers(written([number for *_, number, _ in cells])),
        "unit": Coded.of([unit for *_, unit in cells]),
        "absent": Coded.of([None if one is not None else "unknown" for *_, one in made]),
    }
    said = columns["answer_code"].filled | columns["answer_number"].filled | columns["absent"].filled
    counts["fhir.words:answer"] += int(np.count_nonzero(~said))
    return Rows(np.array([owner for owner, *_ in made], np.int64), columns).at(said)


def _items(items: Any) -> Iterator[Any]:
    for item in items or ():
        if item is not None:
            yield item
            yield from _items(_children(item))


def _children(item: Any) -> Any:
    return getattr(item, "f_item", None)


def _answer(one: Any) -> tuple[str | None, str | None, Any, str | None]:
    """Code, its system, the bytes of the number, unit."""
    coding = getattr(one, "f_valueCoding", None)
    if coding is not None and coding.f_code:
        system = coding.f_system or ""
        return coding.f_code, system.removeprefix(_OID) if system.startswith(_OID) else None, None, None
    if one is None or one.f_valueBoolean is not None:
        return None if one is None else "true" if one.f_valueBoolean else "false", None, None, None
    quantity = one.f_valueQuantity
    if quantity is not None:
        unit = unit_of(quantity.f_code) or unit_of(quantity.f_unit)
        return None, None, None if unit is None and (quantity.f_code or quantity.f_unit) else quantity.f_value, unit
    return None, None, one.f_valueInteger if bytes(one.f_valueInteger) else one.f_valueDecimal, None
