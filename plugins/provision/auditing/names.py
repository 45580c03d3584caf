"""Names that configuration gives to ids, for pages: recipients and content categories. An id without one stands alone.

The log holds ids only. A name is that of today's configuration, so pages show it beside the id, never instead.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml

from provision import codes
from provision.auditing.words import Pair
from provision.config import config_folder
from provision.errors import FixConfiguration


def recipients() -> dict[str, Pair]:
    """Names of all recipients whose file can be read, by id."""
    files = sorted((config_folder() / "recipients").glob("*.yaml"))
    return dict(found for found in (_recipient(path, path.stat().st_mtime_ns) for path in files) if found)


def categories() -> dict[str, Pair]:
    """Names of the published policy's content categories, by number."""
    try:
        return {number: Pair(ja, en) for number, (ja, en) in codes.load("content_category").names.items()}
    except FixConfiguration:
        return {}


@lru_cache(maxsize=1000)
def _recipient(path: Path, changed: int) -> tuple[str, Pair] | None:
    """Id and name only: the file as a whole is judged where something is sent."""
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        return str(said["id"]), Pair(str(said["name"]["ja"]), str(said["name"]["en"]))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        return None
