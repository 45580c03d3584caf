"""What becomes of claims: the rules one by one, and against a plain reading of them in any order of rows."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.releasing.claims import Fates, judge

Row = dict[str, object]
SCHEMA = {
    "source": pl.String, "batch": pl.String, "claim_no": pl.Int64, "claim_token": pl.String, "claim_place": pl.String,
    "order": pl.Int64,
}  # fmt: skip


def rows(*said: tuple[int, str | None, str | None], source: str = "s") -> list[Row]:
    """Order of the batch, token and place of each claim; claims of one order are in one batch, in this order."""
    return [
        {"source": source, "batch": f"{source}{order}", "claim_no": n, "claim_token": token, "claim_place": place,
         "order": order}
        for n, (order, token, place) in enumerate(said)
    ]  # fmt: skip


def judged(claims: list[Row], back: list[Row] | None = None) -> tuple[list[int], Fates]:
    """Numbers of the claims that stand."""
    found = judge(pl.DataFrame(claims, schema=SCHEMA), pl.DataFrame(back or [], schema=SCHEMA))
    return sorted(found.in_force["claim_no"]), found.fates


@pytest.mark.parametrize(
    ("claims", "cancels", "standing", "fates"),
    [
        pytest.param([(1, None, "P"), (2, None, "P")], [1], [], Fates(replaced=1, withdrawn=1), id="cancelled"),
        pytest.param([(1, None, "P"), (2, None, "P"), (3, None, "P")], [1], [2], Fates(replaced=2), id="and made anew"),
        pytest.param([(2, None, "P"), (1, None, "P")], [1], [0], Fates(replaced=1), id="a cancellation that came late"),
        pytest.param([(1, None, "P"), (2, None, "Q")], [1], [0], Fates(withdrawn=1), id="of nothing we know"),
        pytest.param([(1, None, "P"), (2, None, None)], [1], [0], Fates(withdrawn=1), id="without a place"),
    ],
)
def test_a_cancellation_ends_its_place_and_does_not_stand(
    claims: list[tuple[int, str | None, str | None]], cancels: list[int], standing: list[int], fates: Fates
) -> None:
    frame = pl.DataFrame(rows(*claims), schema=SCHEMA).with_columns(cancels=pl.col("claim_no").is_in(cancels))
    found = judge(frame, pl.DataFrame([], schema=SCHEMA))
    assert (sorted(found.in_force["claim_no"]), found.fates) == (standing, fates)


@pytest.mark.parametrize(
    ("claims", "back", "standing", "fates"),
    [
        pytest.param([(1, None, None), (2, None, None)], [], [0, 1], Fates(), id="nothing is known of them"),
        pytest.param([(1, "T", None), (2, "T", None)], [], [1], Fates(replaced=1), id="token"),
        pytest.param([(2, "T", None), (1, "T", None)], [], [0], Fates(replaced=1), id="late arrival replaces nothing"),
        pytest.param([(1, "T", None), (1, "T", None)], [], [1], Fates(replaced=1), id="place in one file"),
        pytest.param([(1, None, "P"), (2, None, "P")], [], [1], Fates(replaced=1), id="place"),
        pytest.param(
            [(1, None, "P"), (2, "T", "P"), (3, "T", None)], [], [2], Fates(replaced=2), id="place, then token"
        ),
        pytest.param([(1, None, "P"), (1, None, "P")], [], [0, 1], Fates(), id="one batch alone says nothing"),
        pytest.param(
            [(1, None, "P"), (1, None, "P"), (2, None, "P")], [], [0, 1, 2], Fates(ambiguous_places=1), id="ambiguous"
        ),
        pytest.param(
            [(1, None, "P"), (2, None, "P"), (2, None, "P"), (3, None, "P")],
            [],
            [1, 2, 3],
            Fates(replaced=1, ambiguous_places=1),
            id="ambiguous in the middle",
        ),
        pytest.param(
            [(1, None, "P"), (2, "T", "P"), (2, "T", "P")], [], [2], Fates(replaced=2), id="twice in a batch, by token"
        ),
        pytest.param([(1, "T", "P")], [(2, "T", None)], [], Fates(withdrawn=1), id="withdrawn by token"),
        pytest.param([(1, None, "P")], [(2, "T", "P")], [], Fates(withdrawn=1), id="withdrawn by place"),
        pytest.param(
            [(1, "T", "P"), (2, None, "Q")],
            [(3, "T", "Q")],
            [1],
            Fates(withdrawn=1),
            id="the token goes before the place",
        ),
        pytest.param([(2, "T", "P")], [(2, "T", "P")], [0], Fates(unmatched_withdrawals=1), id="not in the same batch"),
        pytest.param(
            [(1, "T", "P"), (3, "T", "P")], [(2, "T", "P")], [1], Fates(replaced=1), id="billed again afterwards"
        ),
        pytest.param([(1, None, "P"), (3, None, "Q")], [(2, None, "P")], [1], Fates(withdrawn=1), id="on another card"),
        pytest.param(
            [(1, None, "P"), (1, None, "P")], [(2, None, "P")], [0, 1], Fates(unmatched_withdrawals=1), id="one of two"
        ),
        pytest.param(
            [(1, None, "P"), (2, None, "P")], [(3, None, "P")], [], Fates(replaced=1, withdrawn=1), id="the whole chain"
        ),
        pytest.param([(1, None, None)], [(2, None, None)], [0], Fates(unmatched_withdrawals=1), id="nulls never match"),
        pytest.param([(1, "T", None)], [(2, "T", None), (3, "T", None)], [], Fates(withdrawn=1), id="said twice"),
    ],
)
def test_rules(
    claims: list[tuple[int, str | None, str | None]],
    back: list[tuple[int, str | None, str | None]],
    standing: list[int],
    fates: Fates,
) -> None:
    assert judged(rows(*claims), rows(*back)) == (standing, fates)


def test_sources_do_not_replace_each_other() -> None:
    claims = rows((1, "T", "P"), source="a") + [row | {"claim_no": 1} for row in rows((2, "T", "P"), source="b")]
    assert judged(claims) == ([0, 1], Fates())


def test_returns_of_another_source_find_the_one_source_that_has_the_claim() -> None:
    mine, other = rows((1, "T", "P"), source="a"), [row | {"claim_no": 1} for row in rows((1, "U", "P"), source="b")]
    assert judged(mine + other, rows((2, "T", None), source="r")) == ([1], Fates(withdrawn=1))
    assert judged(mine + other, rows((2, None, "P"), source="r")) == ([0, 1], Fates(unmatched_withdrawals=1))
    assert judged(mine + other, rows((2, None, "P"), source="b")) == ([0], Fates(withdrawn=1))


# -- the same rules read plainly --------------------------------------------------------------------------------------


def plainly(claims: list[Row], back: list[Row]) -> tuple[set[int], int]:
    """Claims that stand and withdrawals without effect, claim by claim."""

    def of(key: str, one: Row, among: list[Row]) -> list[Row]:
        return [c for c in among if one[key] is not None and c[key] == one[key] and c["source"] == one["source"]]

    def at(one: Row) -> tuple[int, int]:
        return int(str(one["order"])), int(str(one["claim_no"]))

    resent = [
        c for c in claims if any(d["batch"] == c["batch"] and at(d) > at(c) for d in of("claim_token", c, claims))
    ]

    def clear(one: Row) -> bool:
        return sum(d["batch"] == one["batch"] and d not in resent for d in of("claim_place", one, claims)) == 1

    standing = set()
    for claim in claims:
        later = [d for d in of("claim_token", claim, claims) if at(d) > at(claim)]
        if claim not in resent and clear(claim):
            same = of("claim_place", claim, claims)
            later += [
                d for d in same if d["batch"] != claim["batch"] and d not in resent and clear(d) and at(d) > at(claim)
            ]
        if not later:
            standing.add(int(str(claim["claim_no"])))
    missed = 0
    for asked in back:
        earlier = [c for c in claims if int(str(c["order"])) < int(str(asked["order"]))]
        hit = of("claim_token", asked, earlier)
        if not hit:
            same = of("claim_place", asked, earlier)
            last = max((int(str(c["order"])) for c in same), default=0)
            hit = [c for c in same if c["order"] == last]
            hit = hit if len(hit) == 1 else []
        missed += not hit
        standing -= {int(str(c["claim_no"])) for c in hit}
    return standing, missed


SAID = st.tuples(st.integers(1, 5), st.sampled_from([None, "T", "U"]), st.sampled_from([None, "P", "Q"]))


@settings(max_examples=150, deadline=None)
@given(st.lists(SAID, min_size=1, max_size=10), st.lists(SAID, max_size=4), st.randoms())
def test_any_order_of_rows_gives_what_the_rules_say(
    said: list[tuple[int, str | None, str | None]],
    back: list[tuple[int, str | None, str | None]],
    random: st.DataObject,
) -> None:
    claims, withdrawn = rows(*said), rows(*back)
    standing, missed = plainly(claims, withdrawn)
    shuffled = sorted(claims, key=lambda _: random.random())  # type: ignore[attr-defined]
    for order in (claims, shuffled):
        found, fates = judged(order, withdrawn)
        assert set(found) == standing
        assert fates.unmatched_withdrawals == missed
        assert fates.replaced + fates.withdrawn + len(found) == len(claims)
