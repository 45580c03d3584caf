"""Options of formats (`format_options` of a source): most formats take none, and a key nobody reads is a mistake."""

from __future__ import annotations

from collections.abc import Mapping

from provision.errors import FixConfiguration


def no_options(format_id: str, options: Mapping[str, object]) -> None:
    """Raise `FixConfiguration` where a format without options got some."""
    if options:
        raise FixConfiguration(
            f"the format {format_id} has no options", rule="format.options", remedy="remove format_options"
        )
