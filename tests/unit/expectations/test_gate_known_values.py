"""Known values: found however they are written, never by chance, and never without the right key."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from payloads import README, Payload, plant

from expectations.known_values import KnownValues, UnusableIndex, fingerprint, fold, write_index
from expectations.verdict import Verdict

KEY = b"a key for tests, of 32 bytes ...."
STRONG = [
    fold("name", "髙﨑", "さくら"),
    fold("name", "山田　太郎"),
    fold("kana", "ヤマダ", "タロウ"),
    fold("kana", "ﾀｶｻｷ ｼﾖｳｺ"),
    fold("phone", "０９０－１２３４－５６７８"),
    fold("address", "東京都千代田区丸の内１丁目２番３号　例ビル101"),
    fold("insured", "33120015", "１２-34", "005678"),
    fold("chart", "1310001", "00123"),
]


@pytest.fixture
def known(tmp_path: Path) -> KnownValues:
    """Two indexes, as two batches make them."""
    write_index(tmp_path / "one.npy", STRONG[:4], KEY)
    write_index(tmp_path / "two.npy", STRONG[4:], KEY)
    return KnownValues([tmp_path / "one.npy", tmp_path / "two.npy"], KEY)


@pytest.mark.parametrize(
    "text",
    [
        "山田太郎",
        "山　田　太　郎",
        "昨日、山田 太郎様より電話あり",
        "高崎さくら",
        "髙﨑 さくらさん来院",
        "ﾔﾏﾀﾞ ﾀﾛｳ",
        "やまだたろう",
        "氏名カナ:ヤマダ・タロウ様",
        "タカサキショウコ",
        "09012345678",
        "(090)1234-5678",
        "9012345678",
        "+81 90 1234 5678",
        "連絡先は０９０ １２３４ ５６７８です",
        "東京都千代田区丸の内一丁目二番三号",
        "住所は東京都千代田区丸の内1-2-3です",
        "33120015:12-34:5678:01",
        "３３１２００１５ 記号 １２－３４ 番号 ５６７８",
        "1310001-00123",
    ],
)
def test_every_way_of_writing_is_found(known: KnownValues, text: str) -> None:
    assert known.count_hits([text]) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "山田",
        "太郎",
        "橋本病",
        "千代田区",
        "東京都千代田区丸の内1-2-4",
        "5678",
        "33120015",
        "00123",
        "090-1234-5679",
        "経過良好、血圧120/80",
        "ヤマダ",
    ],
)
def test_parts_and_others_are_not(known: KnownValues, text: str) -> None:
    assert known.count_hits([text]) == 0


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("name", ("林",)),
        ("name", ("山田",)),
        ("kana", ("ハナ",)),
        ("phone", ("110",)),
        ("address", ("東京都千代田区",)),
        ("insured", ("33120015", "12", "")),
        ("chart", ("", "123")),
        ("chart", ("1", "1")),
    ],
)
def test_weak_values_are_not_indexed(kind: str, parts: tuple[str, ...]) -> None:
    assert fold(kind, *parts) == ""


def test_unknown_kind_and_wrong_parts_are_errors() -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        fold("shoe", "x")
    with pytest.raises(ValueError, match="number of parts"):
        fold("insured", "1", "2")
    with pytest.raises(ValueError, match="16 bytes"):
        fingerprint("x", b"short")


def test_index_is_sorted_unique_private_and_repeatable(tmp_path: Path) -> None:
    path = tmp_path / "index.npy"
    assert write_index(path, [*STRONG, *STRONG, ""], KEY) == len(STRONG)
    first = path.read_bytes()
    assert write_index(path, reversed(STRONG), KEY) == len(STRONG)
    assert path.read_bytes() == first
    index = np.load(path)
    assert index.dtype == np.uint64
    assert bool(np.all(index[1:] > index[:-1]))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["index.npy"]


def test_unusable_indexes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "index.npy"
    with pytest.raises(UnusableIndex):
        KnownValues([path], KEY)
    write_index(path, STRONG, KEY)
    with pytest.raises(UnusableIndex, match="another key"):
        KnownValues([path], b"another key of sufficient length")
    np.save(path, np.load(path)[::-1])
    with pytest.raises(UnusableIndex, match="sorted"):
        KnownValues([path], KEY)
    path.write_bytes(b"not an index")
    with pytest.raises(UnusableIndex):
        KnownValues([path], KEY)


def test_empty_index_is_not_an_answer(tmp_path: Path, known: KnownValues) -> None:
    write_index(tmp_path / "none.npy", [], KEY)
    assert KnownValues([tmp_path / "none.npy"], KEY).size == 0
    assert known.size == len(STRONG)
    assert repr(known) == "KnownValues(2 indexes, 8 values)"


@given(st.text("山田太郎髙﨑さくヤマ ・　", min_size=1, max_size=8))
def test_folding_ignores_blanks_and_width(text: str) -> None:
    assert fold("name", text) == fold("name", f" {text}　")
    assert fold("name", *text) == fold("name", text)


Make = Callable[..., Payload]
Gate = Callable[..., Verdict]


def test_gate_finds_a_known_value_in_any_place(make: Make, gate: Gate, known: KnownValues) -> None:
    from payloads import with_column

    from expectations.contract import Form

    payload = make(plant("note", "本人は 髙﨑　サクラと別人、高崎さくら と同居"))
    (payload.root / README).write_text("例: 1310001-00123\n")
    contract = with_column("zip3", domain=Form("anything", ".*"))
    verdict = gate(payload.seal(), contract, known, secrets=("さくら", "1310001"))
    found = {f.where: f.rows_failing for f in verdict.failures if f.kind == "known_value"}
    assert verdict.known_values == "checked"
    assert found == {"claims.note (parquet)": 2, "claims.note (csv)": 2, README: 1}


def test_gate_looks_up_values_inside_an_open_form(make: Make, gate: Gate, known: KnownValues) -> None:
    from payloads import with_column

    from expectations.contract import Form

    contract = with_column("zip3", domain=Form("anything", ".*"))
    verdict = gate(make(plant("zip3", "09012345678")), contract, known, secrets=("09012345678",))
    assert {(f.where, f.kind, f.rows_failing) for f in verdict.failures} == {
        ("claims.zip3 (parquet)", "known_value", 2),
        ("claims.zip3 (csv)", "known_value", 2),
    }


def test_clean_payload_passes_with_known_values(make: Make, gate: Gate, known: KnownValues) -> None:
    verdict = gate(make(), known=known)
    assert verdict.passed
    assert verdict.known_values == "checked"
    assert any(f.kind == "known_value" for f in verdict.findings)
