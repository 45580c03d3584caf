"""Drops as senders leave them: a folder with files and, written last, `batch.yaml` that says the drop is complete."""

from __future__ import annotations

from pathlib import Path

READY = "batch.yaml"


class Drop:
    """One delivery of a sender: `period` YYYY-MM, `sequence` from 1, and the sequence it supersedes, if any."""

    def __init__(
        self, senders: Path, source: str, period: str, sequence: int = 1, supersedes: int | None = None
    ) -> None:
        """Make the folder; a ready marker of an earlier writing is taken away first."""
        self.source, self.name = source, f"{period}-{sequence}"
        self._lines = (
            f'period: "{period}"\nsequence: {sequence}\nsupersedes: {"null" if supersedes is None else supersedes}\n'
        )
        self.folder = senders / source / self.name
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / READY).unlink(missing_ok=True)

    def ready(self) -> None:
        """Write the marker, whole or not at all."""
        temporary = self.folder / f".{READY}.part"
        temporary.write_text(self._lines, encoding="utf-8")
        temporary.replace(self.folder / READY)
