"""本人の申出により除かれた人: people who may be in no release any more, by veto or because their data were deleted.

The register is the vault's (`Vault.withdraw`): one row per alias, cause, and the entry of the log that says so. Whoever
takes a veto or erases a person writes there, before anything of the person is removed; everything else follows. A veto
that was lifted stays there with the entry that lifted it: a release that was made meanwhile is worked out without them.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from provision.context import Context
from provision.intake.keying import scope
from provision.vault import WITHDRAWN


def withdrawn(ctx: Context, sources: Sequence[str], before: int | None = None) -> pl.DataFrame:
    """`alias`, `cause` and `entry` over the linkage scopes of these sources: of who is withdrawn now, or was by the
    entries before number `before`, though the veto was lifted since."""
    scopes = sorted({scope(ctx.source(source)) for source in sources})
    return pl.concat([pl.DataFrame(schema=WITHDRAWN), *(ctx.vault.withdrawn(name, before) for name in scopes)])


def without_withdrawn(heads: pl.DataFrame, people: pl.DataFrame, gone: pl.DataFrame) -> pl.DataFrame:
    """Claims (`alias`, `person`) of nobody who was withdrawn. `people`: alias and person, of withdrawn aliases, too: a
    person is withdrawn by any alias, under whatever other one their records came."""
    persons = people.join(gone, on="alias", how="semi").select("person")
    left = heads.join(persons, on="person", how="anti")
    return left.join(gone.select("alias"), on="alias", how="anti")
