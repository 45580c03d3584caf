"""提供データ: the exact bytes that are gated, approved and delivered, the same on every channel."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from provision.context import Context
from provision.model import Plan, Profile
from provision.packaging.bag import bag_digest, close_bag
from provision.packaging.codebook import write_codebook
from provision.packaging.notice import README, readme
from provision.releasing.tables import ReleaseTable

__all__ = ["bag_digest", "build_payload", "documents", "write_table"]

MANIFEST = "data/manifest.json"

_CODEBOOK = tuple(f"data/codebook/codebook.{language}.{kind}" for language in ("ja", "en") for kind in ("csv", "html"))


def documents() -> tuple[str, ...]:
    """Every file of a payload that is not a table, relative to the bag."""
    return (f"data/{README}", MANIFEST, *_CODEBOOK)


def build_payload(
    ctx: Context,
    release: str,
    plan: Plan,
    profile: Profile,
    shapes: Sequence[ReleaseTable],
    frames: Mapping[str, pl.DataFrame],
    bag: Path,
    day: str,
) -> str:
    """Write the bag of these tables; gives digest D. The same frames and `day` (YYYY-MM-DD) give the same bytes."""
    recipient = ctx.recipient(plan.recipient)
    (bag / "data" / "tables").mkdir(parents=True)
    for shape in shapes:
        write_table(bag / "data" / "tables", shape.name, frames[shape.name], plan.formats)
    write_codebook(bag / "data" / "codebook", plan, shapes)
    (bag / "data" / README).write_text(readme(ctx.platform, recipient, plan, release), encoding="utf-8")
    manifest = _manifest(release, plan, profile, shapes, frames, day)
    (bag / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return close_bag(
        bag,
        {
            "Source-Organization": ctx.platform.operator.name.en,
            "External-Identifier": release,
            "Bagging-Date": day,
            "External-Description": "Anonymously processed information (匿名加工情報)",
        },
    )


def write_table(folder: Path, name: str, frame: pl.DataFrame, formats: Sequence[str]) -> None:
    """One table in every format of the plan, below `folder`."""
    if "parquet" in formats:
        frame.write_parquet(folder / f"{name}.parquet", compression="zstd", statistics=False)
    if "csv" in formats:
        frame.write_csv(folder / f"{name}.csv", line_terminator="\r\n", null_value="")


def _manifest(
    release: str,
    plan: Plan,
    profile: Profile,
    shapes: Sequence[ReleaseTable],
    frames: Mapping[str, pl.DataFrame],
    day: str,
) -> dict[str, object]:
    """What the recipient's programs read. Says nothing of the method that could help restoring (APPI art. 45)."""
    return {
        "release": release,
        "title": {"ja": plan.title.ja, "en": plan.title.en},
        "kind": "匿名加工情報 / anonymously processed information",
        "law": profile.law,
        "made_on": day,
        "months": {"first": plan.first_month, "last": plan.cutoff_month},
        "linkage": plan.linkage,
        "tables": [
            {
                "name": shape.name,
                "ja": shape.ja,
                "en": shape.en,
                "rows": frames[shape.name].height,
                "files": [f"tables/{shape.name}.{kind}" for kind in plan.formats],
                "columns": [
                    {"name": c.name, "ja": c.ja, "en": c.en, "type": c.dtype, "unit": c.unit} for c in shape.columns
                ],
            }
            for shape in shapes
        ],
    }
