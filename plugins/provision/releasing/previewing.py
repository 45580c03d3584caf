"""下見: what a recipient may see of a release before downloading it, laid out for the portal: no table, no row.

Only the files named here are copied out of the payload that the gate has passed; the portal never sees the payload.
"""

from __future__ import annotations

import os
import shutil

from provision.context import Context
from provision.releasing.making import made_folder

#: Files of a payload's ``data/`` that say what is in it and hold nothing of it.
SHOWN = ("datapackage.json", "codebook/codebook.ja.csv", "codebook/codebook.en.csv")


def lay_out(ctx: Context, release: str) -> None:
    """Copy them into the zone ``previews``; each appears whole or not at all. Repeating it changes nothing."""
    data, preview = made_folder(ctx, release) / "bag" / "data", ctx.zones.previews(release)
    for name in SHOWN:
        source = data / name
        if source.is_file():
            temporary = preview / f".{source.name}.tmp"
            shutil.copyfile(source, temporary)
            os.replace(temporary, preview / source.name)
