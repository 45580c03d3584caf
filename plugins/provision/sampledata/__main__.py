"""``python -m provision.sampledata``: write a fictitious world."""

from __future__ import annotations

from provision.sampledata.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
