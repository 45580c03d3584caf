"""控え: saving the platform to another place, and making a machine from it.

Two sets, to two places, under two keys whose private halves are on neither: ``data`` (log, store, releases, outbox,
configuration) and ``vault`` (who is who). Nothing that was destroyed can come back from either: what is received
(landing, quarantine) is never saved, nor the keys it lies under, and every run makes the set what the platform is now.
"""

from __future__ import annotations

from typing import Literal

#: ``data``: everything but the vault and what is received. ``vault``: tokens, aliases, objections, fingerprints and
#: the keys that these are made with.
Set = Literal["data", "vault"]
