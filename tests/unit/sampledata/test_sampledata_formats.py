"""One file of every format, of any size: readers take it, its totals are the sheet's, it repeats, memory is bounded."""

from __future__ import annotations

import io
import tracemalloc
from itertools import product

import pytest

from provision import formats
from provision.formats.base import HEAD_BYTES, BadFile, Report
from provision.sampledata import format_stream
from provision.sampledata.deliveries import senders
from provision.sampledata.sheets import SENDERS

#: What good files are counted for: fields of Form 3 without a place, texts that are not kept, what no message may keep.
PASSED_OVER = {
    "dpc.form3_dropped",
    "checkup.free_text",
    "hl7.relatives",
    "hl7.notes",
    "hl7.z_segments",
    "hl7.free_text",
}
#: Readers exist for these; the world is asked for nothing else.
READ = sorted(set(SENDERS) & set(formats.formats()) - {"dpc-k"})


def test_every_format_has_a_sender() -> None:
    assert set(formats.formats()) <= set(SENDERS) | set(senders())


@pytest.mark.parametrize(("form", "style"), list(product(READ, (0, 1))))
def test_a_stream_is_a_file_the_reader_takes_without_a_warning(form: str, style: int) -> None:
    report = Report()
    data = b"".join(format_stream(form, 4, 60_000, style))
    assert 60_000 <= len(data) < 120_000
    parcels = list(formats.get(form).read(io.BytesIO(data), report, {}))
    assert sum(parcel.records for parcel in parcels) > 15  # a checkup has three kilobytes
    assert not set(report.warnings) - PASSED_OVER
    assert report.people > 10 or form == "dpc-form3"


@pytest.mark.parametrize("form", sorted(SENDERS))
def test_a_stream_is_recognised_as_what_it_is_and_as_nothing_else(form: str) -> None:
    for style in (0, 1):
        for size in (1, 70_000):
            head = b"".join(format_stream(form, 5, size, style))[:HEAD_BYTES]
            assert [name for name, reader in formats.formats().items() if reader.recognise(head)] == [form]


def test_a_k_file_looks_like_one_and_is_refused() -> None:
    data = b"".join(format_stream("dpc-k", 4, 20_000))
    with pytest.raises(BadFile) as caught:
        list(formats.get("dpc-k").read(io.BytesIO(data), Report(), {}))
    assert caught.value.rule == "dpc.k_file"


def test_the_same_arguments_give_the_same_bytes() -> None:
    for form in sorted(SENDERS):
        one, same = (b"".join(format_stream(form, 1, 5_000)) for _ in range(2))
        assert one == same
    assert b"".join(format_stream("uke-dental", 2, 5_000)) != b"".join(format_stream("uke-dental", 1, 5_000))


def test_memory_does_not_grow_with_the_size() -> None:
    list(format_stream("uke-dental", 1, 1_500_000))  # fills the bounded look-up tables
    tracemalloc.start()
    try:
        small, large = _peak(300_000), _peak(1_500_000)
    finally:
        tracemalloc.stop()
    assert large < small + 1_000_000


def _peak(size: int) -> int:
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    for _ in format_stream("uke-dental", 1, size):
        pass
    return tracemalloc.get_traced_memory()[1] - before


def test_unknown_formats_and_too_much_are_refused() -> None:
    with pytest.raises(KeyError):
        next(format_stream("fax", 1, 10))
    with pytest.raises(ValueError, match="six digits"):
        next(format_stream("uke-dpc", 1, 1_000_000_001))
