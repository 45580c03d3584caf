"""Who is on a record: one spelling for what people write in many ways, and tokens that say nothing without the key."""

from __future__ import annotations

import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats.base import PEOPLE_COLUMNS
from provision.identity import (
    EVIDENCE,
    STRONG,
    TOKENS,
    Person,
    identities,
    keyed,
    normal,
    normal_branch,
    normal_kana,
    normal_written,
    shared_cards,
)

KEY = b"k" * 32
FULL = {
    "name": "髙﨑　花子",
    "kana": "タカサキ　ハナコ",
    "birth": "19560203",
    "sex": "2",
    "insurer": "06132013",
    "symbol": "あ－１２",
    "number": "３４５",
    "branch": "1",
    "care_insurer": "131016",
    "care_number": "0000000123",
    "facility": "1311234567",
    "chart": "K-77",
}


def people(*rows: dict[str, str | None]) -> pl.DataFrame:
    """Rows of `Parcel.people`; what is not given is null."""
    schema = {"claim_no": pl.Int64, **dict.fromkeys(PEOPLE_COLUMNS[1:], pl.String)}
    return pl.DataFrame([{"claim_no": n, **row} for n, row in enumerate(rows)], schema=schema)


def person(**changes: str | None) -> Person:
    return Person.of({**dict.fromkeys(PEOPLE_COLUMNS), **FULL, **changes})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("１２３", "123"),
        ("あ・１２", "あ12"),
        ("記-12", "記－１２"),
        ("記‐1 2", "記12"),
        ("記―12", "記−12"),
        ("ａｂ", "AB"),
        ("　１ ２　", "12"),
        ("1,234", "1234"),
        ("１．２", "12"),
        (None, ""),
        (" - ", ""),
        ("ｱｲ", "アイ"),
        ("記\ufe0012", "記12"),
        ("葛\U000e0100城", "葛城"),
        ("辻\U000e0101", "辻"),
        ("\ufeff12\u200b3", "123"),
        ("カ゛", "ガ"),
        ("ｶﾞ", "ガ"),
        ("カ\u3099", "ガ"),
        ("ﾊﾟ", "パ"),
        ("ﾊ ﾟ", "パ"),
        ("㈱", "(株)"),
        ("\ufa19", "神"),  # 神 as NEC and IBM have it
    ],
)
def test_one_spelling_for_symbols_and_numbers(one: str | None, other: str) -> None:
    assert normal(one) == normal(other)


def test_what_tells_symbols_apart_is_kept() -> None:
    assert normal("カー１") == "カー1" != normal("カ１")
    assert normal("0123") != normal("123")
    assert normal("ア1") != normal("イ1")


@pytest.mark.parametrize(
    "pair", ["髙高", "﨑崎", "辻迂", "祇祗", "カガ", "ヘペ", "〇0", "一ー", "ニ二", "ロ口", "エ工", "力カ"]
)
def test_characters_that_differ_stay_apart_unless_a_table_says_so(pair: str) -> None:
    assert normal(pair[0]) != normal(pair[1])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ﾀｶｻｷ ﾊﾅｺ", "タカサキ　ハナコ"),
        ("たかさき はなこ", "タカサキハナコ"),
        ("キョウコ", "キヨウコ"),
        ("ｷﾞﾝｼﾞﾛｳ", "ギンジロウ"),
        ("キ゛ンシ゛ロウ", "ギンジロウ"),
        ("か゛\u3000く", "ガク"),
        ("ユウー", "ﾕｳｰ"),
        ("ジョン・スミス", "ジヨンスミス"),
        ("Smith John", "SMITHJOHN"),
    ],
)
def test_one_spelling_for_kana(one: str, other: str) -> None:
    assert normal_kana(one) == normal_kana(other)


def test_kana_that_differ_stay_apart() -> None:
    assert len({normal_kana(k) for k in ("カナ", "ガナ", "カーナ", "カンナ", "ハナ", "パナ")}) == 6


@pytest.mark.parametrize(
    ("one", "other"),
    [("髙﨑　花子", "高崎花子"), ("渡邊 惠", "渡辺恵"), ("齋藤德", "斎藤徳"), ("濵田", "濵 田"), ("嶋田", "島田")],
)
def test_variants_of_a_character_are_one_name(one: str, other: str) -> None:
    assert normal_written(one) == normal_written(other)


@pytest.mark.parametrize("name", ["タカサキ　ハナコ", "ﾀｶｻｷ", "SMITH JOHN", "たかさき", "", None])
def test_a_name_without_kanji_is_no_written_name(name: str | None) -> None:
    assert normal_written(name) == ""


@pytest.mark.parametrize(
    ("branch", "expected"), [("1", "01"), ("０１", "01"), ("01", "01"), (" 2", "02"), ("", ""), (None, "")]
)
def test_branches_have_two_digits(branch: str | None, expected: str) -> None:
    assert normal_branch(branch) == expected


@settings(deadline=None)
@given(st.text(max_size=20))
def test_normal_forms_are_final_and_hold_no_separator(text: str) -> None:
    for form in (normal, normal_kana, normal_written):
        once = form(text)
        assert "\x1f" not in once
        assert " " not in once
        assert form(once) == once
    assert normal(unicodedata.normalize("NFD", text)) == normal(text) == normal(unicodedata.normalize("NFKC", text))


def test_tokens_of_a_full_record() -> None:
    assert person().tokens("s") == {
        "health_branch": ("06132013", "あ12", "345", "01"),
        "health_birth": ("06132013", "あ12", "345", "19560203", "2"),
        "care": ("131016", "0000000123"),
        "facility_chart": ("1311234567", "K77"),
        "name_birth": ("s", "タカサキハナコ", "19560203", "2"),
    }
    assert set(person().evidence()) == set(EVIDENCE)


@pytest.mark.parametrize(
    ("missing", "gone"),
    [
        ("insurer", {"health_branch", "health_birth"}),
        ("number", {"health_branch", "health_birth"}),
        ("branch", {"health_branch"}),
        ("birth", {"health_birth", "name_birth"}),
        ("sex", {"health_birth", "name_birth"}),
        ("care_number", {"care"}),
        ("facility", {"facility_chart"}),
        ("chart", {"facility_chart"}),
        ("kana", {"name_birth"}),
        ("symbol", set()),
    ],
)
@pytest.mark.parametrize("blank", [None, "", "　", "－"])
def test_a_token_needs_all_its_parts(missing: str, gone: set[str], blank: str | None) -> None:
    assert set(person(**{missing: blank}).tokens("s")) == set(TOKENS) - gone


def test_only_the_name_token_depends_on_the_source() -> None:
    one, other = person().tokens("a"), person().tokens("b")
    assert {name for name in TOKENS if one[name] != other[name]} == {"name_birth"}


def test_a_number_of_the_source_itself_is_of_that_source_only() -> None:
    one, other = (person(facility="*").tokens(source)["facility_chart"] for source in ("a", "b"))
    assert one == person(facility="*", name="別").tokens("a")["facility_chart"] != other
    assert one[1] == "K77"
    assert "*a" not in {normal(facility) for facility in ("1311234567", "＊", "*")}


def test_keys_domains_and_parts_are_told_apart() -> None:
    made = [keyed(KEY, "care", ("1", "23")), keyed(KEY, "care", ("12", "3")), keyed(KEY, "chart", ("1", "23"))]
    made += [keyed(b"o" * 32, "care", ("1", "23")), keyed(KEY, "care", ("1", "2", "3"))]
    assert len(set(made)) == len(made)
    assert {len(token) for token in made} == {16}
    assert keyed(KEY, "care", ("1", "23")) == made[0]


def test_identities_are_digests_only_and_in_order() -> None:
    other = {**FULL, "number": "999"}
    found = identities(people(FULL, other, FULL, {"name": "名前だけ"}), KEY, "s")
    assert found.columns == ["claim_no", *TOKENS, *EVIDENCE, "identity"]
    assert found["claim_no"].to_list() == [0, 1, 2, 3]
    first, second, third, nobody = found["identity"].to_list()
    assert first == third != second
    assert nobody is None
    for name in (*TOKENS, *EVIDENCE, "identity"):
        assert found.schema[name] == pl.Binary
        assert {len(value) for value in found[name].drop_nulls()} <= {16}


def test_telephone_and_address_make_no_identity() -> None:
    one, other = {**FULL, "phone": "03-0000-0001", "address": "東京"}, {**FULL, "phone": None, "address": "大阪"}
    assert identities(people(one, other), KEY, "s")["identity"].n_unique() == 1


SPELLINGS = {
    "symbol": ["あ－１２", "あ12", "あ-12 "],
    "number": ["３４５", "345"],
    "branch": ["1", "０１"],
    "kana": ["タカサキ　ハナコ", "ﾀｶｻｷ ﾊﾅｺ"],
}


@settings(max_examples=40, deadline=None)
@given(st.fixed_dictionaries({name: st.sampled_from(values) for name, values in SPELLINGS.items()}))
def test_the_same_person_spelled_otherwise_is_one_identity(spelled: dict[str, str]) -> None:
    assert identities(people(FULL, {**FULL, **spelled}), KEY, "s")["identity"].n_unique() == 1


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([name for name in FULL if name not in ("name", "kana")]))
def test_another_value_is_another_identity(name: str) -> None:
    assert identities(people(FULL, {**FULL, name: "9"}), KEY, "s")["identity"].n_unique() == 2


def test_cards_of_a_family_are_counted() -> None:
    card = {"insurer": "06132013", "symbol": "1", "number": "2"}
    child, twin = {"birth": "20200101", "sex": "1"}, {"birth": "20200101", "sex": "1"}
    mother = {"birth": "19900101", "sex": "2"}
    assert shared_cards(people(card | mother, card | child)) == 1
    assert shared_cards(people(card | child, card | twin)) == 0
    assert shared_cards(people(mother, child)) == 0
    assert shared_cards(people()) == 0


def test_strong_tokens_are_those_that_join() -> None:
    assert set(STRONG) == set(TOKENS) - {"name_birth"}
