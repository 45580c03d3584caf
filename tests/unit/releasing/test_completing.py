"""Records that complete each other: cell by cell, in any order of arrival, as a plain reading of LIFE's rule says."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.receipt import Applied
from provision.formats.base import Report
from provision.formats.emptied import EMPTIED
from provision.formats.life import FORMAT, HEAD
from provision.intake.deidentify import deidentify
from provision.intake.keying import PLACES, places
from provision.releasing.claims import Fates, Lives, judge
from provision.releasing.completing import completed, parts
from tests.support.life import FORMS, form, sheet

KEY = b"k" * 32
CELLS_READ = ("weight", "serum_albumin_value", "adl_evaluate")
SOURCE = "care-home"
Cells = Mapping[str, str]
#: Batches in the order of what they say, each the records of its files, of which some are a number and its cells.
Said = tuple[str, Cells]
Sent = Sequence[Sequence[Sequence[Said]]]


class Store:
    """What was received, table by table, as the store has it."""

    def __init__(self, sent: Sent, arrival: Iterable[int] = ()) -> None:
        self.tables: dict[str, list[pl.DataFrame]] = {HEAD: [], "form_0000": []}
        for order in arrival or range(len(sent)):
            first = 0
            for records in sent[order]:
                first = self._file(order, first, records)

    def _file(self, order: int, first: int, records: Sequence[Said]) -> int:
        data = sheet(FORMS, *[form(number, **cells) for number, cells in records])
        (parcel,) = FORMAT.read(io.BytesIO(data), report := Report(), {})
        place = places(KEY, FORMAT.dataset, parcel)
        assert place is not None
        for name, frame in deidentify(parcel, FORMAT.dataset, report, Applied()).items():
            keyed = frame.join(place.rename({"key": "claim_place"}), on="claim_no") if name == HEAD else frame
            moved = keyed.with_columns(pl.col("claim_no") + first, batch=pl.lit(f"b{order}"))
            self.tables[name].append(moved)
        return first + len(records)

    def lives(self) -> Lives:
        claims = pl.concat(self.tables[HEAD]).select(
            "batch", "claim_no", "claim_place", source=pl.lit(SOURCE), claim_token=pl.lit(None, pl.String),
            alias=pl.lit(None, pl.String), order=pl.col("batch").str.slice(1).cast(pl.Int64),
        )  # fmt: skip
        return judge(claims, claims.clear(), updates=True)

    def rows(self, found: Lives | None = None, told: pl.DataFrame | None = None) -> list[tuple[object, ...]]:
        """Weight, albumin and day of assessment of every record that stands."""
        found, table = found or self.lives(), pl.concat(self.tables["form_0000"])
        told = parts(found) if told is None else told
        whole = completed(table.lazy(), told, CELLS_READ).collect()
        inside = told.filter((pl.col("batch") != pl.col("into_batch")) | (pl.col("claim_no") != pl.col("into_no")))
        assert whole.height == table.height - inside.height
        standing = whole.join(found.in_force.select("batch", "claim_no"), on=["batch", "claim_no"])
        assert standing.height == found.in_force.height
        cells = standing.with_columns(pl.col("weight", "serum_albumin_value").cast(pl.Float64))
        return sorted(cells.select("weight", "serum_albumin_value", "adl_evaluate").rows(), key=repr)


def one(*versions: Cells) -> Sent:
    """Versions of one record, each in a batch of its own."""
    return [[[("N1", cells)]] for cells in versions]


FULL = {"weight": "48.5", "serum_albumin_value": "3.5", "adl_evaluate": "20230501"}


@pytest.mark.parametrize(
    ("sent", "rows"),
    [
        pytest.param(one(FULL), [(48.5, 3.5, "2023-05-01")], id="once"),
        pytest.param(one(FULL, {"weight": "50.0"}), [(50.0, 3.5, "2023-05-01")], id="columns left out"),
        pytest.param(
            one(FULL, {"weight": "50.0", "serum_albumin_value": "", "adl_evaluate": ""}),
            [(50.0, 3.5, "2023-05-01")],
            id="empty cells",
        ),
        pytest.param(one(FULL, {"weight": " "}), [(None, 3.5, "2023-05-01")], id="a blank takes back"),
        pytest.param(
            one(FULL, {"weight": " "}, {"weight": ""}), [(None, 3.5, "2023-05-01")], id="what was taken back stays so"
        ),
        pytest.param(one(FULL, {"weight": " "}, {"weight": "51"}), [(51.0, 3.5, "2023-05-01")], id="and is said anew"),
        pytest.param(one(FULL, {"weight": "架空"}), [(None, 3.5, "2023-05-01")], id="what is no value takes back"),
        pytest.param(one(FULL, {"weight": "99999"}), [(None, 3.5, "2023-05-01")], id="neither is one out of range"),
        pytest.param(
            [[[("N1", FULL), ("N1", {"weight": "50.0"})]]], [(50.0, 3.5, "2023-05-01")], id="twice in one file"
        ),
        pytest.param([[[("N1", FULL)], [("N1", {"weight": "50.0"})]]], [(50.0, 3.5, "2023-05-01")], id="in two files"),
        pytest.param(
            [[[("N1", FULL)], [("N2", {"weight": "50.0"})]]],
            [(48.5, 3.5, "2023-05-01"), (50.0, None, None)],
            id="two numbers are two records",
        ),
        pytest.param(
            [[[("", FULL), ("", {"weight": "50.0"})]]],
            [(48.5, 3.5, "2023-05-01"), (50.0, None, None)],
            id="without a number nobody knows what it completes",
        ),
    ],
)
def test_cell_by_cell(sent: Sent, rows: list[tuple[object, ...]]) -> None:
    assert Store(sent).rows() == rows


def test_fates_count_versions_as_replaced_and_none_as_ambiguous() -> None:
    sent = [[[("N1", FULL), ("N1", {}), ("N2", {})]], [[("N1", {})]]]
    assert Store(sent).lives().fates == Fates(replaced=2)


def test_rows_of_before_marks_were_kept_are_final() -> None:
    """Nobody can say whether a cell was empty or taken back: the record is what it said, as it was then."""
    store = Store(one(FULL, {"weight": "50.0"}))
    old = store.tables["form_0000"][1].with_columns(pl.lit(None, pl.String).alias(EMPTIED))
    store.tables["form_0000"][1] = old
    assert store.rows() == [(50.0, None, None)]


def test_nothing_of_a_withdrawn_alias_is_part_of_anything() -> None:
    """Also where the last version came under an alias that nobody withdrew: another birth on one insured number."""
    store = Store(one({"serum_albumin_value": "3.5"}, {"weight": "50.0"}))
    found = store.lives()
    aliases = found.claims.with_columns(alias=pl.concat_str(pl.lit("a-"), "batch"))
    known = Lives(aliases, found.fates, updates=True)
    assert store.rows(known, parts(known, pl.Series(["a-b0"]))) == [(50.0, None, None)]
    assert parts(known, pl.Series(["a-b1"])).is_empty()  # and a withdrawn record does not come back as what it was


def test_places_of_records_that_complete_each_other_are_declared() -> None:
    assert FORMAT.dataset.updates
    assert PLACES[FORMAT.dataset.id].cancelled is None


# -- the same rule read plainly ---------------------------------------------------------------------------------------

CELL = st.sampled_from(["", "", " ", "48.5", "50", "61.5"])
CELLS = st.fixed_dictionaries({}, optional={"weight": CELL, "serum_albumin_value": CELL})
RECORD = st.tuples(st.sampled_from(["N1", "N2", "N3"]), CELLS)
FILES = st.lists(st.lists(RECORD, min_size=1, max_size=4), min_size=1, max_size=2)


def plainly(sent: Sent) -> list[tuple[object, ...]]:
    """Every cell that says something, in order, over what was said before."""
    state: dict[str, dict[str, float | None]] = {}
    for number, cells in (said for batch in sent for records in batch for said in records):
        mine = state.setdefault(number, {})
        mine.update({name: float(cell) if cell.strip() else None for name, cell in cells.items() if cell})
    made = [(cells.get("weight"), cells.get("serum_albumin_value"), None) for cells in state.values()]
    return sorted(made, key=repr)


@settings(max_examples=40, deadline=None)
@given(st.lists(FILES, min_size=1, max_size=3), st.randoms())
def test_any_order_of_arrival_gives_what_the_rule_says(sent: Sent, random: Random) -> None:
    arrival = sorted(range(len(sent)), key=lambda _: random.random())
    assert Store(sent, arrival).rows() == plainly(sent)
