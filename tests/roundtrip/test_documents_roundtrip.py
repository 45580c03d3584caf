"""往復 of documents: what the world says is kept of every document is what the store holds, and nothing else.

Every sender of documents is found by itself. The rows wanted are worked out from the world (`Delivery.kept`), not read
from what was written, so that this says of writer and reader together that they mean the same. A small format of the
tests takes part, so that the rules are tried where no format of documents is installed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import pytest
from roundtrip_house import Drop, Line, Taken, taken
from roundtrip_people import components

from provision import formats
from provision.formats.tables import DROPPED
from provision.sampledata import identifying_values
from provision.sampledata.blocks import World, blocks
from provision.sampledata.deliveries import Delivery, senders
from provision.sampledata.documents import ARCHIVE, delivered
from provision.sampledata.illness import Visit
from tests.support.leaksearch import search
from tests.support.slips import SLIPS, registered

#: Tens of thousands of documents are made, taken in and searched: minutes where servers of other tests share the cores.
pytestmark = pytest.mark.timeout(900)

QUICK: dict[str, object] = {"seed": 6, "people": 300, "months": ["2025-05", "2025-06"]}
LARGE: dict[str, object] = {"seed": 23, "people": 2500, "months": ["2024-11", "2025-04", "2025-05", "2025-06"]}
FORMS = sorted({*senders(), SLIPS.id})
Row = Mapping[str, object]


@pytest.fixture(
    scope="module", params=[pytest.param(QUICK, id="quick"), pytest.param(LARGE, id="large", marks=pytest.mark.slow)]
)
def said(request: pytest.FixtureRequest) -> dict[str, object]:
    """What the world is made of."""
    return dict(request.param)


@pytest.fixture(scope="module")
def house(said: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taken]:
    with registered():
        folders = tmp_path_factory.mktemp("world"), tmp_path_factory.mktemp("home")
        yield taken(*folders, forms=FORMS, **said)  # type: ignore[arg-type]


def _of(house: Taken, form: str) -> list[Drop]:
    """The drops of one format; there are some."""
    drops = [drop for drop in house.drops if drop.form == form]
    assert drops
    return drops


def _visits(said: Mapping[str, object], drop: Drop) -> Iterator[tuple[Delivery, Visit]]:
    """Every visit of the drop's month, with the delivery that wrote it."""
    sender = senders()[drop.form]
    world = World.of(said["seed"], said["people"], said["months"])  # type: ignore[arg-type]
    position = next(i for i, month in enumerate(world.months) if drop.name == f"{month}-1")
    delivery = sender.delivery(world.months[position], position)
    for block in blocks(world):
        for visit in sender.occasion(world, block, world.months[position], False):
            yield delivery, visit


def _heads(delivery: Delivery, visit: Visit) -> list[tuple[str, int]]:
    """Path and number in the file of every head row of a visit."""
    pairs = zip(delivery.documents(visit), delivery.heads(visit), strict=True)
    return [(written.path, head) for written, rows in pairs for head in range(rows)]


def _filled(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None}


def _stored(house: Taken, drop: Drop) -> Mapping[str, Mapping[object, Sequence[Row]]]:
    """Table -> place of the head row in the drop -> its rows, each with the columns that hold something."""
    numbers = house.table(drop, drop.dataset.head)["claim_no"].to_list()
    place = {number: at for at, number in enumerate(numbers)}
    assert len(place) == len(numbers)
    found: dict[str, dict[object, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for table in drop.dataset.tables:
        frame = house.table(drop, table.name)
        columns = house.columns(frame)
        for row in frame.iter_rows(named=True):
            found[table.name][place[row["claim_no"]]].append(_filled({name: row[name] for name in columns}))
    return found


@pytest.mark.parametrize("form", FORMS)
def test_the_store_holds_what_the_world_says_is_kept(house: Taken, said: dict[str, object], form: str) -> None:
    """Exact rows and cells, by head row, in their order."""
    for drop in _of(house, form):
        stored, visits = _stored(house, drop), list(_visits(said, drop))
        order = sorted(head for delivery, visit in visits for head in _heads(delivery, visit))
        place = {head: at for at, head in enumerate(order)}
        assert len(place) == house.table(drop, drop.dataset.head).height > 0
        for delivery, visit in visits:
            own, kept = [place[head] for head in _heads(delivery, visit)], delivery.kept(visit)
            assert set(kept) <= {table.name for table in drop.dataset.tables}
            for table in drop.dataset.tables:
                rows = [row for at in own for row in stored[table.name].get(at, ())]
                assert rows == [_filled(row) for row in kept.get(table.name, ())], (drop.name, table.name)


@pytest.mark.parametrize("form", FORMS)
def test_the_sums_are_the_worlds(house: Taken, form: str) -> None:
    """Files of a delivery, packed or not, head rows and rows of every table."""
    for drop in _of(house, form):
        (line,) = house.sums[drop.source, drop.name]
        totals, rows = line["totals"], line["rows"]
        assert isinstance(totals, dict)
        assert isinstance(rows, dict)
        assert line["format"] == form
        assert totals["files"] == len(delivered(drop.folder)) >= totals.get("passed_over", 0)
        assert totals["heads"] == house.table(drop, drop.dataset.head).height
        assert {t.name: house.table(drop, t.name).height for t in drop.dataset.tables} == {
            t.name: rows.get(t.name, 0) for t in drop.dataset.tables
        }


def test_deliveries_come_in_folders_and_in_archives(house: Taken) -> None:
    packed = {(drop.form, (drop.folder / ARCHIVE).is_file()) for drop in house.drops if drop.form in FORMS}
    assert packed == {(form, whether) for form in FORMS for whether in (True, False)}


def test_nobody_and_nothing_direct_is_in_the_store(house: Taken) -> None:
    values = list(identifying_values(house.world / "truth"))
    store = house.ctx.zones.store()
    assert {path.name for path in store.iterdir()} >= {formats.get(form).dataset.id for form in FORMS}
    assert search([store], values) == []
    for form in FORMS:
        assert search([drop.folder for drop in _of(house, form)], values), "its documents name somebody"


def test_dropped_classes_have_no_column(house: Taken) -> None:
    for form in FORMS:
        for drop in _of(house, form):
            for table in drop.dataset.tables:
                gone = {column.name for column in table.columns if column.cls in DROPPED}
                assert not gone & set(house.table(drop, table.name).columns)


@pytest.fixture(scope="module")
def people(house: Taken) -> list[tuple[Line, object]]:
    """Every record of the world that is somebody's, with the person it was joined to."""
    return house.whose()


def test_nobody_is_two_people(people: list[tuple[Line, object]]) -> None:
    true_of = defaultdict(set)
    for line, person in people:
        true_of[person].add(line["person"])
    assert [true for true in true_of.values() if len(true) > 1] == []


def test_everything_the_rules_allow_is_linked(people: list[tuple[Line, object]]) -> None:
    rules = components([line for line, _ in people])  # type: ignore[misc]
    both = {(rule, person) for rule, (_, person) in zip(rules, people, strict=True)}
    assert len({rule for rule, _ in both}) == len(both) == len({person for _, person in both})
