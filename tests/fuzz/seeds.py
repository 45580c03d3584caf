"""Valid files of every format to spoil: of the fictitious world where it makes the format, filled, and made by hand."""

from __future__ import annotations

from functools import cache

from provision.formats import formats
from provision.formats.coverage import editions
from provision.formats.documents import DocumentFormat, PassedOver
from provision.sampledata import format_stream
from provision.sampledata.deliveries import document_stream, senders
from provision.sampledata.sheets import SENDERS
from tests.support import dpc, uke
from tests.support.filled import filled_files

_BYTES = 6_000
_STYLES = range(3)
#: Documents of each program: of several kinds where the sender has several.
_DOCUMENTS = 8


@cache
def seeds(format_id: str) -> tuple[bytes, ...]:
    """Files of a format that its reader takes (a K file, which it refuses, is the one exception)."""
    source = formats()[format_id]
    found = [data for table in editions(source) for data in filled_files(source, table)]
    if format_id in dpc.FILES:
        found += [dpc.encoded(dpc.FILES[format_id]), dpc.encoded(dpc.FILES[format_id], headings=True)]
    if format_id == "dpc-k":
        found.append(dpc.encoded(dpc.k()))
    if format_id == "uke-medical":
        found.append(uke.file(uke.Claim(), uke.Claim(points=50, name="架空川　太郎")))
    found += _of_the_world(format_id)
    assert found, f"no good file of {format_id} is known: add one here, or a sender to the fictitious world"
    return tuple(found)


def _of_the_world(format_id: str) -> list[bytes]:
    """As each program of the senders writes it. A format the world does not write has filled files only."""
    if format_id in senders():
        return _documents(format_id)
    if format_id not in SENDERS:
        return []
    return [b"".join(format_stream(format_id, style + 1, _BYTES, style)) for style in _STYLES]


def _documents(format_id: str) -> list[bytes]:
    """Files of a delivery, those apart that are passed over."""
    source, found = formats()[format_id], []
    for style in _STYLES:
        for written in document_stream(format_id, style + 1, _DOCUMENTS, style):
            try:
                if isinstance(source, DocumentFormat):
                    source.document(written.data, {})
            except PassedOver:
                continue
            found.append(written.data)
    return found
