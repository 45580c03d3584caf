"""What the gate says: counts per expectation, never a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Finding:
    """One expectation's outcome. `where` is ``table.column (csv)`` or a document's path; `kind` what was looked for."""

    expectation: str
    where: str
    kind: str
    rows_checked: int
    rows_failing: int
    passed: bool
    note: str = ""


@dataclass(frozen=True)
class Verdict:
    """The gate's decision on exactly the payload with `digest`, under `contract_version` and `detectors_version`."""

    digest: str
    passed: bool
    contract_version: str
    detectors_version: str
    known_values: str  # "checked", "not available" or "not asked"
    findings: tuple[Finding, ...]

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The findings that stop the release."""
        return tuple(finding for finding in self.findings if not finding.passed)

    def summary(self) -> Mapping[str, object]:
        """Counts and failures for ledger and pages; JSON-ready, without any value of the data."""
        return {
            "digest": self.digest,
            "passed": self.passed,
            "contract_version": self.contract_version,
            "detectors_version": self.detectors_version,
            "known_values": self.known_values,
            "expectations": len(self.findings),
            "failures": [asdict(finding) for finding in self.failures],
        }
