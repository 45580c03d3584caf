"""Laws of rules over any data: nothing rare stays, the very old look alike, intervals stay, nothing becomes finer."""

from __future__ import annotations

import pickle
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from anonymization.data import rows
from anonymization.risk.unfit import Unfit
from anonymization.rules import rule, rules
from anonymization.rules.applying import after, together, treated
from anonymization.rules.base import Columns, Parameters
from tests.support.ruled import CASES, Case

codes = st.sampled_from(["E119", "E110", "E149", "I10", "I20", "I219", "J459", "D66", "x", "", None])
carried = st.lists(st.tuples(st.integers(1, 30), codes), min_size=1, max_size=120)


def people_by_label(frame: pl.DataFrame, column: str = "x") -> dict[str, int]:
    found = frame.drop_nulls(column).group_by(column).agg(pl.col("who").n_unique())
    return dict(found.iter_rows())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_equal_records_stay_equal(case: Case) -> None:
    """Never finer than before: what a person's record becomes follows from the record (and whose it is) alone."""
    frame = pl.DataFrame(case.table).with_row_index("\x00place")
    made = rule(case.rule)
    parameters = made.learn(frame.lazy(), case.columns, case.options, person=case.person)
    own = [name for names in parameters.columns.values() for name in names]
    key = [*own, *([case.person] if case.person and made.needs_person else [])]
    outcome = treated(frame.lazy(), parameters).collect()
    joined = outcome.join(frame.select("\x00place", pl.struct(key or ["\x00place"]).alias("\x00key")), on="\x00place")
    left = [name for name in own if name in outcome.columns]
    if left:
        assert joined.group_by("\x00key").agg(pl.struct(left).n_unique().alias("n"))["n"].max() == 1


@settings(deadline=None)
@given(carried, st.integers(2, 12), st.sampled_from(["", "icd10"]))
def test_no_rare_code_stays_whatever_comes(data: list[tuple[int, str | None]], least: int, system: str) -> None:
    frame = pl.DataFrame(data, schema={"who": pl.Int64, "x": pl.String}, orient="row")
    parameters = rule("rare-code").learn(frame.lazy(), "x", {"least": least, "system": system}, person="who")
    made = treated(frame.lazy(), parameters).collect()
    assert all(people >= least for people in people_by_label(made).values())
    common = {code for code, people in people_by_label(frame).items() if people >= least and code}
    assert (
        made.filter(frame["x"].is_in(common))["x"].to_list() == frame.filter(pl.col("x").is_in(common))["x"].to_list()
    )


@settings(deadline=None)
@given(carried, carried, st.integers(2, 6))
def test_tables_of_one_release_learn_together(
    one: list[tuple[int, str | None]], other: list[tuple[int, str | None]], least: int
) -> None:
    schema = {"who": pl.Int64, "x": pl.String}
    first = pl.DataFrame(one, schema=schema, orient="row")
    second = pl.DataFrame(other, schema=schema, orient="row").rename({"x": "code"})
    tables: list[tuple[pl.LazyFrame, Columns]] = [(first.lazy(), "x"), (second.lazy(), ["code"])]
    learnt = together("rare-code", tables, {"least": least}, person="who")
    made = [treated(frame, parameters).collect() for (frame, _), parameters in zip(tables, learnt, strict=True)]
    every = pl.concat([made[0], made[1].rename({"code": "x"})])
    assert all(people >= least for people in people_by_label(every).values())
    before = people_by_label(pl.concat([first, second.rename({"code": "x"})]))
    assert set(people_by_label(every)) == {code for code, people in before.items() if people >= least and code}


def test_a_person_has_one_offset_number_and_place_in_the_sample_over_all_tables() -> None:
    who = [f"P{number % 40}" for number in range(80)]
    one = pl.LazyFrame({"who": who, "x": ["2025-04-03"] * 80})
    other = pl.LazyFrame({"who": who[::-1], "y": ["2025-04-03"] * 80})
    for name, column in (("date-shift", True), ("sampling", False), ("renumber", True)):
        tables: list[tuple[pl.LazyFrame, Columns]] = [(one, "x" if column else {}), (other, "y" if column else {})]
        if name == "renumber":
            tables = [(one, "who"), (other, "who")]
        options = {"share": 0.5} if name == "sampling" else {}
        learnt = together(name, tables, options, person="who")
        made = [treated(frame, parameters).collect() for (frame, _), parameters in zip(tables, learnt, strict=True)]
        if name == "date-shift":
            offsets = pl.concat([m.rename({c: "at"}) for m, c in zip(made, ("x", "y"), strict=True)])
            assert offsets.group_by("who").agg(pl.col("at").n_unique())["at"].max() == 1
            assert offsets["at"].n_unique() > 5
        else:
            assert set(made[0]["who"]) == set(made[1]["who"])
            assert made[0]["who"].n_unique() == (20 if name == "sampling" else 40)


@pytest.mark.parametrize("missing", [None, ""])
def test_a_row_of_nobody_is_refused(missing: str | None) -> None:
    for case in CASES:
        if rules()[case.rule].needs_person and case.person:
            frame = pl.DataFrame(case.table).with_columns(pl.col(case.person).cast(pl.String))
            nobody = pl.concat([frame, frame.head(1).with_columns(pl.lit(missing).alias(case.person))])
            with pytest.raises(Unfit, match="1 rows belong to nobody"):
                rule(case.rule).learn(nobody.lazy(), case.columns, case.options, person=case.person)


def test_what_was_learnt_about_people_is_not_written() -> None:
    for case in CASES:
        parameters = rule(case.rule).learn(pl.LazyFrame(case.table), case.columns, case.options, person=case.person)
        if parameters.secret:
            with pytest.raises(TypeError, match="not written"):
                pickle.dumps(parameters)
        else:
            assert pickle.loads(pickle.dumps(parameters)) == parameters


# The very old

LAST, SINCE = date(2025, 3, 31), "2024-04"
very_old = st.dates(date(1905, 1, 1), date(1935, 3, 31))
stays = st.lists(st.dates(date(2000, 1, 1), LAST), min_size=1, max_size=6)
#: Rules that may follow on the birth, whatever a profile says.
FOLLOWING: list[tuple[str, dict[str, object]]] = [
    ("birth-month", {}),
    ("birth-year", {}),
    ("age-band", {"month": "2025-03"}),
    ("generalise", {"system": "birth", "level": "cohort10"}),
]


def years(born: date, at: date) -> int:
    return at.year - born.year - ((at.month, at.day) < (born.month, born.day))


def record(born: date, came: list[date]) -> pl.DataFrame:
    """Everything a record holds that follows from a birth, beside what does not."""
    late = date(born.year + 75, born.month, 1)
    return pl.DataFrame(
        {
            "born": [born.strftime("%Y-%m")] * len(came),
            "age": [years(born, day) for day in came],
            "band": [f"{years(born, day) // 5 * 5}-{years(born, day) // 5 * 5 + 4}" for day in came],
            "late_elderly": [late.isoformat()] * len(came),
            "came": [day.isoformat() for day in came],
        }
    )


def made_alike(frame: pl.DataFrame, *, with_birth: bool) -> pl.DataFrame:
    parts = {"birth": "born", "age": ["age", "band"], "date": ["came", "late_elderly"]}
    if not with_birth:
        frame, parts = frame.drop("born"), {part: names for part, names in parts.items() if part != "birth"}
    parameters = rule("old-age").learn(frame.lazy(), parts, {"month": "2025-03", "since": SINCE})
    return treated(frame.lazy(), parameters).collect()


@settings(deadline=None)
@given(very_old, very_old, stays, st.booleans())
def test_any_two_very_old_people_with_the_same_visits_have_the_same_record(
    one: date, other: date, came: list[date], with_birth: bool
) -> None:
    """90+ cannot be rebuilt from any combination of columns: nothing in the record depends on the birth any more."""
    first, second = (made_alike(record(born, came), with_birth=with_birth) for born in (one, other))
    assert first.equals(second)
    if with_birth:
        for name, options in FOLLOWING:
            assert after(name, first["born"].to_list(), **options) == after(name, second["born"].to_list(), **options)
        band = after("age-band", first["born"].to_list(), month="2025-03")
        assert set(band) == {"90+"}
        claims = {"born": first["born"].to_list(), "month": [day.strftime("%Y-%m") for day in came]}
        at = after("age-at-service", claims, {"birth": "born", "month": "month"}, month="2025-03")
        assert isinstance(at, dict)
        assert set(at["born"]) == {"90+"}


@settings(deadline=None)
@given(st.dates(date(1935, 5, 1), date(2020, 1, 1)), stays)
def test_the_others_keep_their_record(born: date, came: list[date]) -> None:
    lived = [day for day in came if day >= born] or [LAST]
    frame = record(born, lived)
    assert made_alike(frame, with_birth=True).equals(frame)


@settings(deadline=None)
@given(st.dates(date(1940, 1, 1), date(2024, 12, 31)), st.dates(date(2000, 1, 1), LAST), st.sampled_from([0, 65, 75]))
def test_no_date_gives_back_the_day_of_birth(born: date, other: date, age: int) -> None:
    """Whoever knows only the month and sees the dates finds no birthday of consequence among them."""
    birthday = date(born.year + age, born.month, min(born.day, 28))
    frame = {"born": [born.strftime("%Y-%m")] * 2, "at": [birthday.isoformat(), other.isoformat()]}
    made = after("birthday-dates", frame, {"birth": "born", "date": "at"})
    assert isinstance(made, dict)
    reached = {(born.year + years, born.month) for years in (0, 65, 75)}
    assert made["at"] == [None, None if (other.year, other.month) in reached else other.isoformat()]


@settings(deadline=None)
@given(st.dates(date(1905, 1, 1), date(2020, 1, 1)), stays)
def test_without_a_birth_nobody_very_old_is_missed(born: date, came: list[date]) -> None:
    lived = [day for day in came if day >= born] or [LAST]
    made = made_alike(record(born, lived).drop("late_elderly").with_columns(late_elderly=pl.lit(None, pl.String)),
                      with_birth=False)  # fmt: skip
    if years(born, LAST) >= 90:
        assert set(made["age"]) == {90}
        assert made["came"].drop_nulls().str.slice(0, 7).ge(SINCE).all()


@pytest.mark.parametrize("since", ["2010-03", "2025-04", "2009-01"])
def test_a_release_of_more_years_than_lie_behind_the_last_event_is_refused(since: str) -> None:
    with pytest.raises(Unfit, match="old-age: option since"):
        rule("old-age").learn(pl.LazyFrame({"b": ["1930-01"]}), {"birth": "b"}, {"month": "2025-03", "since": since})


# Dates, numbers and places


@settings(deadline=None)
@given(
    st.dictionaries(st.integers(1, 5), st.lists(st.dates(date(2020, 1, 1), LAST), min_size=2, max_size=5), min_size=1),
    st.integers(7, 365),
    st.booleans(),
)
def test_shifted_dates_keep_their_intervals(visits: dict[int, list[date]], days: int, weeks: bool) -> None:
    rows_of = [(who, day) for who, every in visits.items() for day in every]
    frame = {"who": [who for who, _ in rows_of], "x": [day.isoformat() for _, day in rows_of]}
    made = after("date-shift", frame, "x", person="who", days=days, whole_weeks=weeks)
    assert isinstance(made, dict)
    moved: dict[int, set[timedelta]] = {}
    for (who, day), shifted in zip(rows_of, made["x"], strict=True):
        moved.setdefault(who, set()).add(date.fromisoformat(str(shifted)) - day)
    for offsets in moved.values():
        (offset,) = offsets
        assert abs(offset.days) <= days
        assert not weeks or offset.days % 7 == 0
    since_first = after("days-since-first", frame, "x", person="who")
    assert isinstance(since_first, dict)
    first = {who: min(every) for who, every in visits.items()}
    assert since_first["x"] == [(day - first[who]).days for who, day in rows_of]


def test_offsets_numbers_and_orders_are_new_every_time() -> None:
    frame = {"who": list(range(200)), "x": ["2025-04-03"] * 200}
    for name, columns, person in (("date-shift", "x", "who"), ("renumber", "who", None), ("shuffle", {}, None)):
        drawn = [repr(after(name, frame, columns, person=person)) for _ in range(2)]
        assert drawn[0] != drawn[1]


def test_random_numbers_follow_no_order() -> None:
    made = after("renumber", [f"{key:06d}" for key in range(2000)])
    assert sorted(made) == list(range(1, 2001))
    ranks = pl.DataFrame({"key": range(2000), "number": made})
    assert abs(ranks.select(pl.corr("key", "number")).item()) < 0.12  # five standard errors


def limits(frame: pl.DataFrame, share: float, step: float) -> Parameters | None:
    """What is learnt; None where the people are too few for two tails."""
    try:
        options = {"share": share, "step": step, "least": 3}
        return rule("top-bottom").learn(frame.lazy(), "x", options, person="who")
    except Unfit:
        return None


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(-500, 5000)), min_size=20, max_size=150),
    st.floats(0.01, 0.4),
    st.sampled_from([1.0, 10.0, 100.0]),
)
def test_nobody_stands_alone_at_a_limit(data: list[tuple[int, int]], share: float, step: float) -> None:
    frame = pl.DataFrame(data, schema={"who": pl.Int64, "x": pl.Int64}, orient="row")
    parameters = limits(frame, share, step)
    assume(parameters is not None)
    assert parameters is not None
    made = treated(frame.lazy(), parameters).collect()
    low, high = (parameters.counts[end] for end in ("low", "high"))
    assert made.filter(pl.col("x") == high)["who"].n_unique() >= 3
    assert made.filter(pl.col("x") == low)["who"].n_unique() >= 3
    assert made["x"].is_between(low, high).all()
    inside = frame["x"].is_between(low, high)
    assert made.filter(inside).equals(frame.filter(inside))


@pytest.mark.parametrize("kind", [pl.Int16(), pl.Int64(), pl.Decimal(18, 2), pl.Float64()], ids=str)
def test_numbers_keep_their_type_and_what_lies_between_the_limits(kind: pl.DataType) -> None:
    numbers = [*range(20, 40), 32_700, 30_000, 1, 0]
    frame = pl.LazyFrame({"x": numbers, "test": ["a"] * 24, "who": range(24)}, schema_overrides={"x": kind})
    asked: list[tuple[str, Columns, dict[str, object], list[int]]] = [
        ("top-bottom", "x", {"share": 0.05, "step": 1, "least": 2}, [*range(20, 40), 30_000, 30_000, 1, 1]),
        ("extreme-values", {"column": "x", "kind": "test"}, {"least": 2}, [*range(20, 40), 30_000, 30_000, 1, 1]),
        ("round-number", "x", {"step": 100}, [0] * 20 + [32_700, 30_000, 0, 0]),
    ]
    for name, columns, options, expected in asked:
        made = treated(frame, rule(name).learn(frame, columns, options, person="who")).collect()
        assert made.schema["x"] == kind
        assert made["x"].cast(pl.Float64).to_list() == expected


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 30), st.sampled_from("ab"), st.floats(-50, 9_000)), min_size=1, max_size=150),
    st.integers(1, 3),
)
def test_nobody_stands_alone_at_the_end_of_a_kind(data: list[tuple[int, str, float]], digits: int) -> None:
    frame = pl.DataFrame(data, schema={"who": pl.Int64, "kind": pl.String, "x": pl.Float64}, orient="row")
    options = {"least": 3, "digits": digits, "share": 0.05}
    parameters = rule("extreme-values").learn(frame.lazy(), {"column": "x", "kind": "kind"}, options, person="who")
    made = treated(frame.lazy(), parameters).collect()
    for kind in "ab":
        after_all = made.filter(pl.col("kind") == kind)
        stays = after_all.drop_nulls("x")
        assert stays.height in (0, after_all.height)
        for end in (stays["x"].min(), stays["x"].max()):
            assert not stays.height or stays.filter(pl.col("x") == end)["who"].n_unique() >= 3


def test_a_limit_at_which_few_stand_is_refused() -> None:
    frame = pl.LazyFrame({"x": [1, 2, 3, 4, 99], "who": [1, 2, 3, 4, 5]})
    with pytest.raises(Unfit, match="top-bottom: option high leaves 1 people"):
        rule("top-bottom").learn(frame, "x", {"high": 50, "least": 2}, person="who")
    made = rule("top-bottom").learn(frame, "x", {"high": 99, "least": 2}, person="who")  # nobody goes beyond
    assert treated(frame, made).collect().equals(frame.collect())


@settings(deadline=None)
@given(st.integers(2_000, 2_000_000))
def test_every_district_that_stays_is_over_the_floor(floor: int) -> None:
    every = sorted({row["zip3"] for row in rows("zip3_population")})
    made = after("geography", {"zip": every}, {"zip": "zip"}, floor=floor)
    assert isinstance(made, dict)
    parts = [(row["zip3"], int(row["certain"]) + int(row["split"]) / 2) for row in rows("zip3_population")]
    for zip3, label in zip(every, made["zip"], strict=True):
        large = all(people >= floor for district, people in parts if district == zip3)
        assert label == zip3 if large else str(label).startswith("pref-")
    assert floor > 100_000 or any(label == zip3 for zip3, label in zip(every, made["zip"], strict=True))


@settings(deadline=None)
@given(st.text("0123456789*-prefx", max_size=10))
def test_no_number_of_an_insurer_or_facility_stays_whole(text: str) -> None:
    made = after("geography", {"ins": [text], "at": [text]}, {"insurer": "ins", "facility": "at"})
    assert isinstance(made, dict)
    (insurer,), (facility,) = made["ins"], made["at"]
    assert insurer is None or str(insurer).endswith("****")
    assert facility is None or str(facility) in {f"pref-{row['code']}" for row in rows("prefecture")}


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1900 * 12, 2020 * 12)), min_size=1, max_size=120))
def test_every_birth_that_stays_is_shared(data: list[tuple[int, int]]) -> None:
    born = {who: f"{month // 12}-{month % 12 + 1:02d}" for who, month in data}
    frame = pl.DataFrame({"who": list(born), "x": list(born.values())})
    parameters = rule("rare-birth").learn(frame.lazy(), "x", {"least": 3}, person="who")
    made = treated(frame.lazy(), parameters).collect()
    assert all(people >= 3 for people in people_by_label(made).values())
    for before, label in zip(frame["x"], made["x"], strict=True):
        assert label is None or before.startswith(label[:3])
