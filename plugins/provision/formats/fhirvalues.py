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
from collections.abc import Iterator, Mapping
from operator import or_
from typing import Any

import polars as pl

from provision import codes
from provision.formats.fhircolumns import Walk, days, listed, mapped, numbers, series
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


def values(group: Group, systems: Systems, counts: Counter[str]) -> pl.DataFrame:
    """``claim_no`` and the texts of `TEST_VALUE` but for the number of the value."""
    whole, nodes, places = Walk(group.nodes), [], []
    for place, node in enumerate(group.nodes):
        parts = [part for part in node.f_component or () if part is not None]
        own = [*([node] if not parts or _says_something(node) else []), *parts]
        nodes += own
        places += [place] * len(own)
    walk = Walk(nodes)
    found, observed = _codes(walk, systems), days(whole.cells(_of("observed", whole=True), systems))
    flags = listed(walk.cells(_of("flag"), systems), "test_flag", counts, "code:test_value.flag")
    frame = pl.DataFrame(
        {
            "claim_no": pl.Series([group.owners[place] for place in places], dtype=pl.Int64),
            "observed": series([observed[place] for place in places]),
            **{name: series(found[name]) for name in ("item", "code_system", "code")},
            **_amounts(walk, systems, counts),
            **_results(walk, systems, counts),
            "ref_low": series(numbers(walk.cells(_of("ref_low"), systems))),
            "ref_high": series(numbers(walk.cells(_of("ref_high"), systems))),
            "flag": series(flags),
            "absent": series(mapped(walk.cells(_of("absent"), systems), _ABSENT.get)),
        }
    )
    lost = found["code"].count(None)
    counts["fhir.no_known_code:test_value"] += lost
    return frame.filter(pl.col("code").is_not_null()) if lost else frame


def _of(name: str, *, whole: bool = False) -> tuple[Path, ...]:
    """The paths of a column from an Observation, or from what has a value: it or its components, with the same
    elements."""
    field = next(f for f in table().fields if f.table == "test_value" and f.column.name == name)
    paths = parse(field.record)
    return tuple(path for path in paths if whole or path.steps[0].name != "component")


def _says_something(node: Any) -> bool:
    return bool(node.f_valueQuantity or node.f_valueCodeableConcept or node.f_valueString or bytes(node.f_valueInteger))


def _codes(walk: Walk, systems: Systems) -> Mapping[str, list[str | None]]:
    """The first coding of a system of tests, of several the one that is an item of ours."""
    tests = {address: systems.addresses[address] for address in systems.of(TEST)}
    made: dict[str, list[str | None]] = {name: [None] * walk.size for name in ("item", "code_system", "code")}
    items, words, chosen = made["item"], made["code_system"], made["code"]
    for owner, coding in zip(*walk.at(_of("code")[0].steps), strict=True):
        word, code = tests.get(coding.f_system), coding.f_code
        if word is None or not code or items[owner]:
            continue
        item = item_of(word, code)
        if item or chosen[owner] is None:
            items[owner], words[owner], chosen[owner] = item or None, word, code
    return made


def _amounts(walk: Walk, systems: Systems, counts: Counter[str]) -> dict[str, pl.Series]:
    """Number, comparator and unit; nothing of them where unit or comparator are none of ours."""
    said, also = (walk.cells([path], systems) for path in _of("unit"))  # the code, and what is shown
    ours = [one or other for one, other in zip(mapped(said, unit_of), mapped(also, unit_of), strict=True)]
    strange = [(a or b) is not None and unit is None for a, b, unit in zip(said, also, ours, strict=True)]
    compared, known = walk.cells(_of("comparator"), systems), codes.load("comparator").names
    wrong = [comparator is not None and comparator not in known for comparator in compared]
    counts["fhir.unknown_unit:test_value"] += sum(strange)
    counts["fhir.unknown_comparator:test_value"] += sum(wrong)
    found = {"value_number": numbers(walk.cells(_of("value_number"), systems)), "comparator": compared, "unit": ours}
    lost = list(map(or_, strange, wrong))
    if True in lost:
        found = {
            name: [None if gone else cell for cell, gone in zip(cells, lost, strict=True)]
            for name, cells in found.items()
        }
    return {name: series(cells) for name, cells in found.items()}


def _results(walk: Walk, systems: Systems, counts: Counter[str]) -> dict[str, pl.Series]:
    """A coded result with the OID of its system, or the sign that a text is."""
    coded, written = _of("value_code")
    made: dict[str, list[str | None]] = {
        "value_code": walk.cells([written], systems),
        "value_system": [None] * walk.size,
    }
    results, origins = made["value_code"], made["value_system"]
    signs = mapped(results, _sign)
    counts["fhir.words:test_value"] += sum(
        text is not None and sign is None for text, sign in zip(results, signs, strict=True)
    )
    results[:] = signs
    owners, codings = walk.at(coded.steps[:-1])
    for owner, coding in zip(reversed(owners), reversed(codings), strict=True):
        if coding.f_code and (coding.f_system or "").startswith(_OID):
            results[owner], origins[owner] = coding.f_code, coding.f_system.removeprefix(_OID)
    return {name: series(cells) for name, cells in made.items()}


def _sign(text: str) -> str | None:
    return _SIGNS.get(unicodedata.normalize("NFKC", text).translate(_HYPHENS)) if len(text) < 16 else None


def answers(group: Group, systems: Systems, counts: Counter[str]) -> pl.DataFrame:
    """``claim_no`` and the texts of `ANSWER` but for the number of the answer."""
    made: list[tuple[int, Any, str, Any]] = []
    for owner, resource in zip(group.owners, group.nodes, strict=True):
        for item in _items(resource.f_item):
            given = [one for one in item.f_answer or () if one is not None]
            if item.f_linkId not in systems.questions:
                counts["fhir.unknown_question"] += bool(given)
            elif given:
                made += [(owner, resource, item.f_linkId, one) for one in given]
            elif not _children(item):
                made.append((owner, resource, item.f_linkId, None))
    cells = [_answer(one) for *_, one in made]
    frame = pl.DataFrame(
        {
            "claim_no": pl.Series([owner for owner, *_ in made], dtype=pl.Int64),
            "answered": series(days([resource.f_authored for _, resource, *_ in made])),
            "question": series([question for *_, question, _ in made]),
            "answer_code": series([code for code, *_ in cells]),
            "answer_system": series([system for _, system, *_ in cells]),
            "answer_number": series(numbers([number for *_, number, _ in cells])),
            "unit": series([unit for *_, unit in cells]),
            "absent": series([None if one is not None else "unknown" for *_, one in made]),
        }
    )
    said = frame.select(pl.any_horizontal(pl.col("answer_code", "answer_number", "absent").is_not_null())).to_series()
    counts["fhir.words:answer"] += int((~said).sum())
    return frame.filter(said)


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
