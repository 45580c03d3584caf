"""Sub-commands of `tokumei`, one module each, with `add(subparsers)`. Heavy rooms are imported when a command runs."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Subparsers = Any


def say(result: object, *, as_json: bool, text: str) -> None:
    """Print a result for programs (JSON) or for people."""
    print(json.dumps(result, ensure_ascii=False, indent=1) if as_json else text)
