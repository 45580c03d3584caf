"""Who belongs together: whatever the order of arrival, nothing guessed, collisions counted."""

from __future__ import annotations

import stat
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats.base import PEOPLE_COLUMNS
from provision.identity import STRONG, TOKENS, identities
from provision.joining import Linkage
from provision.vault import Vault

KEY = b"k" * 32
Row = dict[str, str]

CARD = {"insurer": "06132013", "symbol": "12", "number": "345"}
MOTHER = {"name": "架空　花子", "kana": "カクウ　ハナコ", "birth": "19560203", "sex": "2"}
FATHER = {"name": "架空　太郎", "kana": "カクウ　タロウ", "birth": "19540101", "sex": "1"}
TWIN_A = {"name": "架空　一郎", "kana": "カクウ　イチロウ", "birth": "20100505", "sex": "1"}
TWIN_B = {"name": "架空　二郎", "kana": "カクウ　ジロウ", "birth": "20100505", "sex": "1"}
CHART = {"facility": "1311234567", "chart": "77"}
CARE = {"care_insurer": "131016", "care_number": "0000000123"}
NEW_CARD = {"insurer": "138057", "symbol": "", "number": "999"}


def frame(rows: list[Row]) -> pl.DataFrame:
    schema = {"claim_no": pl.Int64, **dict.fromkeys(PEOPLE_COLUMNS[1:], pl.String)}
    return pl.DataFrame([{"claim_no": n, **row} for n, row in enumerate(rows)], schema=schema)


def put(vault: Vault, *rows: Row, source: str = "s", scope: str = "group-a") -> list[str]:
    """Aliases of the rows after they came in."""
    return vault.aliases(scope, identities(frame(list(rows)), KEY, source))["alias"].to_list()


def groups(vault: Vault, aliases: list[str], scope: str = "group-a") -> set[frozenset[int]]:
    """Which rows belong to one person."""
    found, _ = vault.people(scope)
    person = dict(found.iter_rows())
    joined: dict[object, set[int]] = {}
    for place, alias in enumerate(aliases):
        joined.setdefault(person.get(alias, alias), set()).add(place)
    return {frozenset(places) for places in joined.values()}


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault.db")


def together(*places: int) -> frozenset[int]:
    return frozenset(places)


def test_one_card_branch_and_birth_is_one_person(vault: Vault) -> None:
    aliases = put(vault, CARD | MOTHER | {"branch": "1"}, CARD | MOTHER | {"branch": "01"} | CHART, CARD | MOTHER)
    assert groups(vault, aliases) == {together(0, 1, 2)}


def test_a_family_with_one_card_stays_apart_by_birth_and_sex(vault: Vault) -> None:
    aliases = put(vault, CARD | MOTHER, CARD | FATHER, CARD | TWIN_A)
    assert groups(vault, aliases) == {together(0), together(1), together(2)}
    assert vault.people("group-a")[1].collisions == dict.fromkeys(vault.people("group-a")[1].collisions, 0)


def test_twins_of_one_sex_without_branch_collide_and_are_counted(vault: Vault) -> None:
    aliases = put(vault, CARD | TWIN_A, CARD | TWIN_B)
    assert groups(vault, aliases) == {together(0), together(1)}
    assert vault.people("group-a")[1].collisions["health_birth"] == 1


def test_records_of_colliding_twins_are_joined_by_name_where_names_agree(vault: Vault) -> None:
    """The chart tells records of one twin apart, so that each is an identity of its own."""
    rows = [CARD | twin | CHART | {"chart": f"{name}{visit}"} for name, twin in zip("ab", (TWIN_A, TWIN_B), strict=True)
            for visit in range(3)]  # fmt: skip
    rows += [CARD | TWIN_B | {"kana": ""}, CARD | TWIN_A | {"name": ""}, CARD | TWIN_A | {"name": "", "kana": ""}]
    assert groups(vault, put(vault, *rows)) == {together(0, 1, 2, 7), together(3, 4, 5, 6), together(8)}
    assert vault.people("group-a")[1].collisions["health_birth"] == 1


def test_colliding_records_whose_names_disagree_join_nobody(vault: Vault) -> None:
    """一郎 and 市朗 are read alike: who the record without a written name is, nobody knows."""
    alike = TWIN_B | {"kana": TWIN_A["kana"], "name": "架空　市朗"}
    aliases = put(vault, CARD | TWIN_A, CARD | TWIN_A | CHART, CARD | alike, CARD | TWIN_A | {"name": ""})
    assert groups(vault, aliases) == {together(n) for n in range(4)}


def test_a_chain_of_any_length_is_one_person(vault: Vault) -> None:
    links = [CHART | {"chart": str(n // 2)} | CARE | {"care_number": str((n + 1) // 2)} for n in range(300)]
    assert groups(vault, put(vault, *reversed(links))) == {frozenset(range(300))}


def test_people_of_some_records_only(vault: Vault) -> None:
    """What joined two people counts no more where it is left out."""
    aliases = put(vault, CARD | MOTHER, CARE | CHART, CARD | CARE | MOTHER)
    found, linkage = vault.people("group-a", pl.Series(aliases[:2]))
    assert set(found["alias"]) == set(aliases[:2])
    assert found["person"].n_unique() == linkage.people == linkage.identities == 2
    everybody = vault.people("group-a", pl.Series(aliases))[1]
    assert (everybody.people, everybody.merges) == (1, 2)
    assert everybody.tokens == {"health_branch": 0, "health_birth": 1, "care": 1, "facility_chart": 1, "name_birth": 1}
    assert vault.people("group-a", pl.Series("alias", [], dtype=pl.String))[0].height == 0


def test_twins_with_branches_are_found_again(vault: Vault) -> None:
    rows = [CARD | TWIN_A | {"branch": "3"}, CARD | TWIN_B | {"branch": "4"}]
    assert groups(vault, put(vault, *rows, *(row | CHART | {"chart": row["branch"]} for row in rows))) == {
        together(0, 2),
        together(1, 3),
    }


@pytest.mark.parametrize("token", [CARE, CHART, CARD | {"branch": "1"}])
@pytest.mark.parametrize("other", [{"birth": "19560204"}, {"sex": "1"}])
def test_one_number_with_two_births_or_sexes_is_nobodys(vault: Vault, token: Row, other: Row) -> None:
    aliases = put(vault, token | MOTHER, token | MOTHER | other)
    assert groups(vault, aliases) == {together(0), together(1)}
    assert sum(vault.people("group-a")[1].collisions.values()) == 1


def test_a_new_insurer_joins_only_through_a_record_with_both(vault: Vault) -> None:
    before, after = CARD | MOTHER, NEW_CARD | MOTHER
    aliases = put(vault, before, source="hospital") + put(vault, after, source="city")
    assert groups(vault, aliases) == {together(0), together(1)}
    aliases += put(vault, before | CHART, after | CHART, source="hospital")
    assert groups(vault, aliases) == {together(0, 1, 2, 3)}


def test_medical_and_care_records_meet_through_the_ledger_only(vault: Vault) -> None:
    aliases = put(vault, CARD | MOTHER, source="hospital")
    aliases += put(vault, CARE | {"birth": MOTHER["birth"], "sex": "2"}, source="care")
    assert groups(vault, aliases) == {together(0), together(1)}
    aliases += put(vault, CARD | CARE | MOTHER, source="city")
    assert groups(vault, aliases) == {together(0, 1, 2)}


def test_a_chain_that_contradicts_itself_falls_apart_and_is_counted(vault: Vault) -> None:
    joint = CARE | {"care_number": "7"}
    aliases = put(vault, joint | CHART | {"birth": "19560203"}, joint | CHART, CHART | {"facility": "2"} | joint)
    aliases += put(vault, CHART | {"facility": "2", "sex": "2", "birth": "19600101"})
    found = vault.people("group-a")[1]
    assert groups(vault, aliases) == {together(n) for n in range(4)}
    assert found.broken == 1


def test_a_name_attaches_to_the_one_person_that_has_it(vault: Vault) -> None:
    aliases = put(vault, CARD | MOTHER, MOTHER, MOTHER | {"name": ""})
    assert groups(vault, aliases) == {together(0, 1, 2)}


def test_a_name_that_two_people_have_attaches_to_nobody(vault: Vault) -> None:
    aliases = put(vault, CARD | MOTHER, NEW_CARD | MOTHER, MOTHER)
    assert groups(vault, aliases) == {together(0), together(1), together(2)}
    assert vault.people("group-a")[1].ambiguous_names == 1


def test_namesakes_written_differently_are_not_joined_by_their_kana(vault: Vault) -> None:
    aliases = put(vault, CARD | MOTHER, MOTHER | {"name": "架空　華子"}, MOTHER | {"name": "架空　波菜子"})
    assert groups(vault, aliases) == {together(0), together(1), together(2)}
    assert vault.people("group-a")[1].ambiguous_names == 1


def test_names_never_join_over_sources(vault: Vault) -> None:
    aliases = put(vault, CARD | MOTHER, source="hospital") + put(vault, MOTHER, source="city")
    assert groups(vault, aliases) == {together(0), together(1)}


def test_scopes_never_meet(vault: Vault) -> None:
    one = put(vault, CARD | MOTHER, scope="source-a")
    other = put(vault, CARD | MOTHER, scope="source-b")
    assert set(one).isdisjoint(other)
    assert vault.people("source-a")[0]["alias"].to_list() == one
    assert vault.people("group-a")[0].height == 0


def test_aliases_are_stable_random_and_unused_where_nothing_is_known(vault: Vault) -> None:
    first = put(vault, CARD | MOTHER, {"name": "架空　花子"})
    second = put(Vault(vault.path), CARD | MOTHER, {"name": "架空　花子"})
    assert first[0] == second[0]
    assert first[1] != second[1]
    assert {len(alias) for alias in first + second} == {32}
    assert put(vault, CARD | FATHER)[0] not in first


def test_thousands_of_identities_come_back_to_their_own_rows(vault: Vault) -> None:
    rows = [MOTHER | CHART | {"chart": f"{n % 1100}"} for n in range(2200)]
    aliases = put(vault, *rows)
    assert aliases[:1100] == aliases[1100:]
    assert len(set(aliases)) == 1100


def test_the_vault_holds_no_identifier_and_is_for_the_owner_only(vault: Vault) -> None:
    put(vault, CARD | MOTHER | CHART | CARE)
    assert stat.S_IMODE(vault.path.stat().st_mode) == 0o600
    held = b"".join(path.read_bytes() for path in vault.path.parent.iterdir())
    for text in (*CARD.values(), *MOTHER.values(), *CARE.values(), CHART["facility"]):
        if len(text) > 3:
            assert text.encode() not in held


def test_the_end_of_a_period_forgets_its_scope_only(vault: Vault) -> None:
    put(vault, CARD | MOTHER, CARD | FATHER)
    put(vault, CARD | MOTHER, scope="source-b")
    assert vault.end_period("group-a") == 2
    assert vault.end_period("group-a") == 0
    nothing = Linkage(0, 0, dict.fromkeys(TOKENS, 0), 0, dict.fromkeys(STRONG, 0), 0, 0)
    assert vault.people("group-a")[1] == nothing
    assert vault.people("source-b")[0].height == 1


def _maybe(values: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(["", *values])


RECORDS = st.fixed_dictionaries(
    {
        "birth": _maybe(["19560203", "20100505"]),
        "sex": _maybe(["1", "2"]),
        "kana": _maybe(["アア", "イイ"]),
        "name": _maybe(["架空", "空架"]),
        "insurer": _maybe(["06132013"]),
        "number": _maybe(["1", "2"]),
        "branch": _maybe(["1"]),
        "care_insurer": st.just("131016"),
        "care_number": _maybe(["1", "2"]),
        "facility": st.just("13"),
        "chart": _maybe(["1", "2", "3"]),
    }
)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(RECORDS, min_size=2, max_size=14), data=st.data())
def test_the_order_of_arrival_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], data: st.DataObject
) -> None:
    """Any order, in any batches, twice over: the same records are one person, and the same is counted."""
    order = data.draw(st.permutations(range(len(rows))))
    cut = data.draw(st.integers(0, len(rows)))
    folder = tmp_path_factory.mktemp("vaults")
    first, second = Vault(folder / "first.db"), Vault(folder / "second.db")
    aliases = put(first, *rows)
    shuffled = [rows[n] for n in order]
    other = put(second, *shuffled[:cut]) + put(second, *shuffled[cut:])
    put(second, *shuffled[:cut])
    known = [bool(n is not None) for n in identities(frame(rows), KEY, "s")["identity"]]
    expected = {frozenset(n for n in group if known[n]) for group in groups(first, aliases)} - {frozenset()}
    found = {frozenset(order[n] for n in group if known[order[n]]) for group in groups(second, other)} - {frozenset()}
    assert found == expected
    assert first.people("group-a")[1] == second.people("group-a")[1]


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(RECORDS, min_size=2, max_size=14))
def test_nobody_has_two_births_or_sexes(tmp_path_factory: pytest.TempPathFactory, rows: list[Row]) -> None:
    vault = Vault(tmp_path_factory.mktemp("vault") / "vault.db")
    for group in groups(vault, put(vault, *rows)):
        for evidence in ("birth", "sex"):
            assert len({rows[n][evidence] for n in group} - {""}) <= 1
