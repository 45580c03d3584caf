"""構造化ログ: messages of ours as one JSON object a line; of anything else nothing.

An allow-list: only loggers of `provision`, whose messages are made of ids, counts, rules and places, and of a record
only the fields named here. An error's text may hold a value, so an unexpected error is its kind and its place.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from provision.errors import TokumeiError


class Lines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger, message; of an error its kind and place."""
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            said |= _error(record.exc_info[1])
        return json.dumps(said, ensure_ascii=False)


def in_json() -> bool:
    """Whether the environment asks for it."""
    return os.environ.get("TOKUMEI_LOG") == "json"


def configure(screen: TextIO | None = None) -> None:
    """Send what our loggers say to standard error, from `info` on. Nothing where it is not asked for; twice is once."""
    ours = logging.getLogger("provision")
    for handler in [one for one in ours.handlers if isinstance(one.formatter, Lines)]:
        ours.removeHandler(handler)
    if in_json():
        handler = logging.StreamHandler(screen or sys.stderr)
        handler.setFormatter(Lines())
        ours.addHandler(handler)
        ours.setLevel(logging.INFO)
        ours.propagate = False


def ended(error: TokumeiError) -> None:
    """What a command ended with."""
    logging.getLogger("provision.cli").error("%s", error, exc_info=error)


def _error(error: BaseException) -> dict[str, str]:
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    rule = error.rule if isinstance(error, TokumeiError) else ""
    return {"error": type(error).__name__, "rule": rule, "place": place}
