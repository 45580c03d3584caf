"""Code lists: closed sets of codes with Japanese and English names, one file each in ``config/codes``.

The folder of the running configuration comes first, then the lists shipped with the package, so that single commands
work without any configuration.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from provision.config import CONFIG, config_folder
from provision.errors import FixConfiguration

_SHIPPED = (Path(__file__).parent / "codes_shipped", Path(__file__).parents[2] / "config" / "codes")


@dataclass(frozen=True, eq=False)
class CodeTable:
    """One code list; `names` maps a code to its (ja, en) names. The same object for the same list (`load`)."""

    name: str
    source: str
    names: dict[str, tuple[str, str]]


def folders() -> tuple[Path, ...]:
    """Where code lists are looked for, in this order."""
    return (config_folder() / "codes", *_SHIPPED)


def load(name: str) -> CodeTable:
    """The code list `name`, or of ``name/code,code`` these codes of it, in its order.

    `FixConfiguration` where there is none, a line is not code, ja, en, or a code is not in the list.
    """
    config = os.environ.get(CONFIG, "")  # where to look costs more than looking up
    return _found(name, config, "" if os.path.isabs(config) else os.getcwd())


def of_domain(domain: str) -> CodeTable | None:
    """The list of a closed domain such as ``code:sex``, None where the domain is none of a list. As `load`."""
    word, _, rest = domain.partition(":")
    return load(rest) if word == "code" else None


@lru_cache(maxsize=1_024)
def _found(name: str, config: str, at: str) -> CodeTable:
    """The list, looked for once per configuration: as `config_folder` is told of it, and from where."""
    name, _, part = name.partition("/")
    if part:
        return _part(load(name), part.split(","))
    for folder in folders():
        path = folder / f"{name}.tsv"
        if path.is_file():
            return _read(path, name)
    raise FixConfiguration(
        "there is no such code list", where=f"config/codes/{name}.tsv", rule="codes.missing", remedy="add the file"
    )


def _part(whole: CodeTable, wanted: Sequence[str]) -> CodeTable:
    unknown = sorted(set(wanted) - whole.names.keys())
    if unknown:
        raise FixConfiguration(
            f"no code {', '.join(unknown)}", where=f"config/codes/{whole.name}.tsv", rule="codes.unknown",
            remedy="name codes of the list",
        )  # fmt: skip
    return CodeTable(whole.name, whole.source, {code: said for code, said in whole.names.items() if code in wanted})


@cache
def _read(path: Path, name: str) -> CodeTable:
    source, names = "", {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        cells = line.split("\t")
        if line.startswith("#source:"):
            source = line.removeprefix("#source:").strip()
        elif not line.strip() or line.startswith("#") or cells[0] == "code":
            continue
        elif len(cells) < 3 or not all(cells[:3]) or cells[0] in names:
            raise FixConfiguration(
                "a line is not code, ja, en, or a code stands twice",
                where=f"config/codes/{path.name}:{number}",
                rule="codes.line",
                remedy="separate by one tab",
            )
        else:
            names[cells[0]] = (cells[1], cells[2])
    return CodeTable(name, source, names)
