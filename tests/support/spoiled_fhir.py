"""FHIR that is not as it should be: single elements of good documents put into another shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

#: What may stand where something else belongs.
_INSTEAD: tuple[Any, ...] = (
    None, True, 5, 1.5e300, -0.00000012345678, "", "架空", "1e400", "entered-in-error", "2020-13", [], {}, [None], [{}],
    [[["架空"]]], {"coding": None}, {"coding": [None]}, {"coding": [{"system": None, "code": ""}]}, {"coding": "架空"},
    {"value": "7"}, {"reference": "Patient/another"},
)  # fmt: skip


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every member of every object and list in a document, as what holds it and its key."""
    for key, below in list(
        node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    ):
        yield node, key
        yield from _places(below)


@st.composite
def spoiled(draw: st.DrawFn, good: bytes) -> bytes:
    """`good`, a JSON object, with up to three elements in another shape, and sometimes cut off or written otherwise."""
    whole = json.loads(good)
    for _ in range(draw(st.integers(0, 3))):
        places = list(_places(whole))
        holder, key = places[draw(st.integers(0, len(places) - 1))]
        own = draw(st.sampled_from(_INSTEAD)) if draw(st.booleans()) else [holder[key]]
        holder[key] = json.loads(json.dumps(own))
    made = json.dumps(whole, ensure_ascii=draw(st.booleans())).encode()
    end = draw(st.sampled_from(["whole", "whole", "whole", "cut", "escaped", "broken"]))
    if end == "escaped":
        return made.replace(b'"code"', b'"c\\u006fde"')
    if end == "broken":
        return made.replace(b'"system": "', b'"system": "\\q', draw(st.integers(1, 3)))
    return made[: draw(st.integers(0, len(made)))] if end == "cut" else made
