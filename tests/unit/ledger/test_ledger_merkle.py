"""Merkle hashing and proofs: public vectors, and the laws on trees of our own."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.errors import Refused
from provision.ledger.merkle import (
    EMPTY_ROOT,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

VECTORS = Path(__file__).parents[3].parent / "shared" / "oracles" / "rfc6962"

#: Leaf inputs and roots used by the Certificate Transparency projects' tests (sizes 0 to 8).
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

TREE = Tree(leaf_hash(str(number).encode()) for number in range(70))


def vectors(kind: str) -> list[Any]:
    return [json.loads(file.read_text()) for file in sorted((VECTORS / kind).rglob("*.json"))]


def proof_of(case: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(value) for value in case["proof"] or ()]


@pytest.mark.skipif(not VECTORS.is_dir(), reason="the public RFC 6962 vectors are not beside the project")
def test_the_98_public_inclusion_vectors() -> None:
    cases = vectors("inclusion")
    for case in cases:
        leaf, root = (base64.b64decode(case[name] or "") for name in ("leafHash", "root"))
        accepted = verify_inclusion(case["leafIdx"], case["treeSize"], leaf, proof_of(case), root)
        assert accepted is not case["wantErr"], case["desc"]
    assert len(cases) == 98


@pytest.mark.skipif(not VECTORS.is_dir(), reason="the public RFC 6962 vectors are not beside the project")
def test_the_98_public_consistency_vectors() -> None:
    cases = vectors("consistency")
    for case in cases:
        old, new = (base64.b64decode(case[name] or "") for name in ("root1", "root2"))
        accepted = verify_consistency(case["size1"], case["size2"], old, new, proof_of(case))
        assert accepted is not case["wantErr"], case["desc"]
    assert len(cases) == 98


def test_known_roots() -> None:
    tree = Tree(leaf_hash(bytes.fromhex(text)) for text in INPUTS)
    assert [tree.root(size).hex() for size in range(9)] == ROOTS
    assert tree.root(0) == EMPTY_ROOT


def plain_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 9162 section 2.1.1, word by word, against the stored subtrees."""
    if len(leaves) == 1:
        return leaves[0]
    split = max(1 << power for power in range(8) if 1 << power < len(leaves))
    return node_hash(plain_root(leaves[:split]), plain_root(leaves[split:]))


@settings(deadline=None)
@given(st.integers(1, TREE.size))
def test_root_is_the_recursive_definition(size: int) -> None:
    assert TREE.root(size) == plain_root(TREE.levels[0][:size])


def test_every_proof_of_every_index_and_size_verifies() -> None:
    for size in range(1, TREE.size + 1):
        root = TREE.root(size)
        for index in range(size):
            path = inclusion_proof(index, size, TREE.get)
            assert verify_inclusion(index, size, TREE.get(0, index), path, root)
            old_root = TREE.root(index + 1)
            path = consistency_proof(index + 1, size, TREE.get)
            assert verify_consistency(index + 1, size, old_root, root, path)


@st.composite
def places(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(st.integers(1, TREE.size))
    return draw(st.integers(0, size - 1)), size


def flipped(values: list[bytes], bit: int) -> list[bytes]:
    place, bit = divmod(bit % (len(values) * 256), 256)
    changed = bytearray(values[place])
    changed[bit // 8] ^= 1 << bit % 8
    return [*values[:place], bytes(changed), *values[place + 1 :]]


@settings(deadline=None)
@given(places(), st.integers(0, 1 << 20))
def test_any_flipped_bit_of_an_inclusion_proof_fails(place: tuple[int, int], bit: int) -> None:
    index, size = place
    parts = [TREE.get(0, index), TREE.root(size), *inclusion_proof(index, size, TREE.get)]
    leaf, root, *path = flipped(parts, bit)
    assert not verify_inclusion(index, size, leaf, path, root)


@settings(deadline=None)
@given(places(), st.integers(0, 1 << 20))
def test_any_flipped_bit_of_a_consistency_proof_fails(place: tuple[int, int], bit: int) -> None:
    old, size = place[0] + 1, place[1]
    parts = [TREE.root(old), TREE.root(size), *consistency_proof(old, size, TREE.get)]
    old_root, root, *path = flipped(parts, bit)
    assert not verify_consistency(old, size, old_root, root, path)


@settings(deadline=None)
@given(places(), st.integers(0, 1 << 20))
def test_a_proof_holds_for_no_other_index(place: tuple[int, int], other: int) -> None:
    index, size = place
    path = inclusion_proof(index, size, TREE.get)
    # Of this size: the size is signed beside the root, and with another one the same path may lead elsewhere.
    held = verify_inclusion(other % size, size, TREE.get(0, index), path, TREE.root(size))
    assert held is (other % size == index)


@settings(deadline=None)
@given(places(), st.binary(max_size=40))
def test_a_proof_with_a_foreign_hash_more_or_less_fails(place: tuple[int, int], extra: bytes) -> None:
    index, size = place
    leaf, root, path = TREE.get(0, index), TREE.root(size), inclusion_proof(index, size, TREE.get)
    assert not verify_inclusion(index, size, leaf, [*path, extra], root)
    assert not verify_inclusion(index, size, leaf, [extra, *path], root)
    assert not path or not verify_inclusion(index, size, leaf, path[:-1], root)


def test_from_the_empty_tree_there_is_no_proof() -> None:
    assert not verify_consistency(0, 5, EMPTY_ROOT, TREE.root(5), [])
    assert not verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    with pytest.raises(Refused):
        consistency_proof(0, 5, TREE.get)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5)])
def test_no_inclusion_proof_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(Refused):
        inclusion_proof(index, size, TREE.get)
    assert not verify_inclusion(index, size, TREE.get(0, 0), [], TREE.get(0, 0))
