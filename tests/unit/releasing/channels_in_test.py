"""A channel in this process that remembers what it was given and fails as it is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from provision.channels.base import Consignment, Evidence, Progress, Receipt
from provision.connections import Resolver


class Killed(BaseException):
    """The process dies here."""


@dataclass
class Letterbox:
    """Hands over into a folder, as a partner's server would have it. `before` and `after` run around the copying."""

    folder: Path
    kind: str
    at_most_once: bool
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None
    refuse: Exception | None = None
    attempts: list[int] = field(default_factory=list)
    deliveries: int = 0
    recalled: list[str] = field(default_factory=list)

    @property
    def title(self) -> dict[str, str]:
        return {"ja": "試験用の郵便受け", "en": "Letterbox of a test"}

    def check(self, consignment: Consignment) -> None:
        if self.refuse is not None:
            raise self.refuse

    def deliver(self, consignment: Consignment, resolver: Resolver, progress: Progress) -> Receipt:
        self.attempts.append(consignment.attempt)
        self.before()
        target = self.folder / consignment.order
        there = target.is_dir() and not self.at_most_once
        if not there:
            target.mkdir(parents=True, exist_ok=True)
            for file in consignment.files:
                shutil.copy(file.path, target / file.name)
            self.deliveries += 1
        self.after()
        return Receipt(consignment.order, self.kind, datetime.now(UTC), there, {"files": len(consignment.files)})

    def rehearse(self, consignment: Consignment, resolver: Resolver) -> Evidence:
        self.check(consignment)
        return {"folder": "there"}

    def recall(self, consignment: Consignment, resolver: Resolver, reason: str) -> Evidence:
        self.before()
        shutil.rmtree(self.folder / consignment.order, ignore_errors=True)
        self.recalled.append(reason)
        return {"removed": 1}

    def raises(self, error: BaseException, *, sent: bool) -> None:
        """Fail with `error` from now on, after handing over or before."""

        def fail() -> None:
            raise error

        self.before, self.after = ((lambda: None), fail) if sent else (fail, (lambda: None))

    def works(self) -> None:
        """Work from now on."""
        self.before, self.after, self.refuse = (lambda: None), (lambda: None), None
