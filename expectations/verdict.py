"""What the gate says: counts per expectation, never a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

CHECKED, NOT_AVAILABLE = "checked", "not available"


@dataclass(frozen=True)
class Finding:
    """One expectation's outcome. `where` is ``table.column (csv)`` or a document's path; `kind` what was looked for.

    Rows are rows of the payload: distinct values weighted by how often they stand there.
    """

    expectation: str
    where: str
    kind: str
    rows_checked: int
    rows_failing: int
    passed: bool
    note: str = ""


@dataclass(frozen=True)
class Verdict:
    """The gate's decision on exactly the payload with `digest`, under `contract_version` and `detectors_version`.

    It holds as long as both versions are those of today (`expires_with`): other detectors might find what these missed.
    `canaries` says of the fictitious patients how many identifiers were ``planted``, ``survived`` the rules, and were
    ``found`` by the gate as planted, with the ``recall_ppm``; empty where none were asked for. `uncounted`:
    requirements that the payload does not let anybody count, each with the reason, for approvers to weigh.
    `canary_rules`: which rules of the profile went over the canaries, as the maker attests it.
    """

    digest: str
    passed: bool
    contract_version: str
    detectors_version: str
    known_values: str  # CHECKED or NOT_AVAILABLE
    findings: tuple[Finding, ...]
    canaries: Mapping[str, int] | None = None
    uncounted: tuple[str, ...] = ()
    canary_rules: Mapping[str, object] | None = None

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
            "rows_checked": sum(finding.rows_checked for finding in self.findings),
            "canaries": dict(self.canaries or {}),
            "canary_rules": dict(self.canary_rules or {}),
            "uncounted": list(self.uncounted),
            "failures": [asdict(finding) for finding in self.failures],
        }

    def as_json(self) -> Mapping[str, object]:
        """The summary with every finding, those that passed too: what is kept beside the release."""
        return {**self.summary(), "findings": [asdict(finding) for finding in self.findings]}


def expires_with(verdict: Mapping[str, object], *, contract_version: str, detectors_version: str) -> str:
    """Why a kept verdict (its summary) does not hold any more, in words for an operator; "" where it does."""
    if verdict.get("contract_version") != contract_version:
        return "the contract (plan, profile, code lists or documents) is not the one it was gated under"
    if verdict.get("detectors_version") != detectors_version:
        return "the gate's detectors are not the ones it was gated with"
    return ""
