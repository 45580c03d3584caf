"""Cells by their places: the same as what XPath finds, also in another document of a shape already known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from provision.formats import xmlshapes
from provision.formats.xmlshapes import Shapes, joined, path, pieces, places, there

NAMESPACES = {"h": "urn:x"}
PATHS = ("h:a/@k", "h:a/h:b/@k", "h:a/h:b", "h:a[@k='1']/@v", "h:a[@k='1']/h:b[@k='2']/@v", "h:b/h:a/h:b/@v")
SHARED = {name: Shapes(lambda elements, name=name: places(elements, path(name, NAMESPACES))) for name in PATHS}
ADDRESS = Shapes(lambda elements: pieces(elements, places(elements, path("h:a", NAMESPACES)), "{urn:x}b"))

KEYS = st.dictionaries(st.sampled_from("kv"), st.sampled_from("12"))
TEXTS = st.sampled_from(["", "架空", " 一\u3000二 "])


def written(tag: str, keys: dict[str, str], inner: str) -> str:
    return f"<{tag} {' '.join(f'{key}={chr(34)}{text}{chr(34)}' for key, text in keys.items())}>{inner}</{tag}>"


LEAF = st.builds(written, st.sampled_from("ab"), KEYS, TEXTS)
TREES = st.recursive(
    LEAF,
    lambda inner: st.builds(
        lambda tag, keys, text, parts: written(tag, keys, text + "".join(part + behind for part, behind in parts)),
        st.sampled_from("ab"), KEYS, TEXTS, st.lists(st.tuples(inner, TEXTS), max_size=3),
    ),
    max_leaves=12,
)  # fmt: skip


def by_xpath(root: etree._Element, name: str) -> list[str]:
    found = root.xpath(name, namespaces=NAMESPACES)
    assert isinstance(found, list)
    return ["".join(map(str, one.itertext())) if isinstance(one, etree._Element) else str(one) for one in found]


@given(st.lists(TREES, max_size=4))
def test_places_are_what_xpath_finds(children: list[str]) -> None:
    root = etree.fromstring(f'<r xmlns="urn:x">{"".join(children)}</r>')
    elements = list(root.iter())
    for name in PATHS:
        assert there(elements, SHARED[name].of(elements)) == by_xpath(root, name), name
    texts = by_xpath(root, "h:a//text()[not(parent::h:b)]")
    assert joined(elements, ADDRESS.of(elements)).split() == " ".join(texts).split()


def test_what_lies_in_what_is_part_of_a_shape() -> None:
    kept = Shapes(lambda elements: places(elements, path("h:a/h:b/@k", NAMESPACES)))
    inside, beside = ('<r xmlns="urn:x"><a><b k="1"/></a></r>', '<r xmlns="urn:x"><a/><b k="1"/></r>')
    for _ in range(2):
        assert [len(kept.of(list(etree.fromstring(one).iter()))) for one in (inside, beside)] == [1, 0]


def test_shapes_are_worked_out_once_and_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xmlshapes, "SHAPES", 3)
    asked: list[int] = []
    kept = Shapes(lambda elements: asked.append(len(elements)) or len(elements))
    small = [list(etree.fromstring(f"<r>{'<a/>' * count}</r>").iter()) for count in range(4)]
    assert [kept.of(small[0]), kept.of(small[0]), asked] == [1, 1, [1]]
    for elements in small[1:]:
        kept.of(elements)
    assert kept.of(small[0]) == 1
    assert asked == [1, 2, 3, 4, 1]
    large = list(etree.fromstring(f"<r>{'<a/>' * xmlshapes.ELEMENTS}</r>").iter())
    assert [kept.of(large), kept.of(large), asked[-2:]] == [len(large), len(large), [len(large)] * 2]


def test_a_path_is_of_tags_only() -> None:
    for wrong in ("//h:a", "h:a[1]/@k", "*", "h:a/text()", ""):
        with pytest.raises(ValueError, match="no path"):
            path(wrong, NAMESPACES)
