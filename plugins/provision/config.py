"""`config/*.yaml` -> nouns, with errors that name file, line, key and remedy. Imports nothing heavy: DAG files use it.

One file that cannot be read never hides the others: loading gives what is good and a list of what is not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from provision.layouts import Layout
from provision.model import Plan, Platform, Profile, Recipient, Source

Noun = TypeVar("Noun", bound=BaseModel)


@dataclass(frozen=True)
class ConfigProblem:
    """What is wrong in one configuration file. `line` counts from 1, 0 where unknown."""

    file: str
    line: int
    key: str
    what: str
    remedy: str

    @property
    def message(self) -> str:
        """One line for people."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key + ': ' if self.key else ''}{self.what} -> {self.remedy}"


@dataclass
class Loaded(Generic[Noun]):
    """Nouns by id, the file each came from, and the problems of the files that gave none."""

    items: dict[str, Noun] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    problems: list[ConfigProblem] = field(default_factory=list)


#: The environment variable that says where the configuration lies.
CONFIG = "TOKUMEI_CONFIG"


def config_folder() -> Path:
    """``$TOKUMEI_CONFIG``, else ``./config``."""
    return Path(os.environ.get(CONFIG, "config")).resolve()


def load_sources(folder: Path) -> Loaded[Source]:
    """Every source of ``sources/*.yaml``."""
    return _load_all(folder / "sources", Source)


def load_recipients(folder: Path) -> Loaded[Recipient]:
    """Every recipient of ``recipients/*.yaml``."""
    return _load_all(folder / "recipients", Recipient)


def load_plans(folder: Path) -> Loaded[Plan]:
    """Every release plan of ``releases/*.yaml``."""
    return _load_all(folder / "releases", Plan)


def load_profiles(folder: Path) -> Loaded[Profile]:
    """Every anonymisation profile of ``profiles/*.yaml``."""
    return _load_all(folder / "profiles", Profile)


def load_layouts(folder: Path) -> Loaded[Layout]:
    """Every layout of ``layouts/*.yaml``; a platform without made-up tables needs no such folder."""
    return _load_all(folder / "layouts", Layout) if (folder / "layouts").is_dir() else Loaded()


def load_platform(folder: Path) -> tuple[Platform | None, list[ConfigProblem]]:
    """``platform.yaml``, or None and why."""
    return load_file(folder / "platform.yaml", Platform)


def _load_all(folder: Path, noun: type[Noun]) -> Loaded[Noun]:
    loaded: Loaded[Noun] = Loaded()
    if not folder.is_dir():
        loaded.problems.append(ConfigProblem(shown(folder), 0, "", "the folder is missing", "create it"))
        return loaded
    for path in sorted(folder.glob("*.yml")):
        remedy = f"call the file {path.stem}.yaml"
        loaded.problems.append(ConfigProblem(shown(path), 0, "", "only files called .yaml are read", remedy))
    for path in sorted(folder.glob("*.yaml")):
        item, problems = load_file(path, noun)
        loaded.problems += problems
        if item is None:
            continue
        identifier = str(getattr(item, "id"))  # noqa: B009 - every noun loaded from a folder has an id
        if identifier != path.stem:
            loaded.problems.append(
                ConfigProblem(shown(path), 1, "id", "differs from the file's name", f"call the file {identifier}.yaml")
            )
            continue
        loaded.items[identifier], loaded.files[identifier] = item, path
    return loaded


def load_file(path: Path, noun: type[Noun]) -> tuple[Noun | None, list[ConfigProblem]]:
    """One YAML file as `noun`, or None and the problems."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None, [ConfigProblem(shown(path), 0, "", "the file is missing", "create it")]
    except UnicodeDecodeError:
        return None, [ConfigProblem(shown(path), 0, "", "is not UTF-8", "save it as UTF-8")]
    except OSError:
        return None, [ConfigProblem(shown(path), 0, "", "cannot be read", "check its permissions")]
    try:
        data = yaml.load(text, Loader=StrictLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "is not YAML"
        return None, [ConfigProblem(shown(path), mark.line + 1 if mark else 0, "", str(what), "correct the YAML")]
    except (ValueError, TypeError, RecursionError):  # a date that does not exist, a key that is a list
        what = "a date that does not exist, or a key that is no word"
        return None, [ConfigProblem(shown(path), 0, "", what, "correct the YAML")]
    if not isinstance(data, dict):
        return None, [
            ConfigProblem(shown(path), 1, "", "is not a mapping of keys to values", "see tokumei config schema")
        ]
    try:
        return noun.model_validate(data), []
    except ValidationError as error:
        return None, list(_problems(path, text, error))


def _problems(path: Path, text: str, error: ValidationError) -> Iterator[ConfigProblem]:
    lines = _Lines(text)
    for item in error.errors(include_url=False):
        location = [*_written(item["loc"]), *item.get("ctx", {}).get("at", ())]
        key = ".".join(str(part) for part in location)
        yield ConfigProblem(shown(path), lines.of(location), key, _plain(item), _remedy(item))


def _written(location: Sequence[int | str]) -> list[int | str]:
    """The key path as people write it: pydantic puts the discriminator's value behind ``channels`` and a number, and
    behind ``landing`` and ``file``, and a tag behind ``format``."""
    if len(location) > 2 and location[0] == "channels":
        return [*location[:2], *location[3:]]
    if len(location) > 1 and location[0] in {"landing", "format", "file", "encryption", "returns"}:
        return [location[0], *location[2:]]
    return list(location)


#: pydantic's words for a value where keys should be.
_KEYS_WANTED = ("model_type", "model_attributes_type")


def _plain(item: Any) -> str:
    known = {
        "extra_forbidden": "unknown key",
        "missing": "is missing",
        **dict.fromkeys(_KEYS_WANTED, "must hold keys of its own" if item["input"] is not None else "is empty"),
        "union_tag_not_found": "kind is missing",
        "union_tag_invalid": f"kind is none of {item.get('ctx', {}).get('expected_tags', '')}",
    }
    return known.get(item["type"]) or str(item["msg"]).removeprefix("Value error, ")


def _remedy(item: Any) -> str:
    if "remedy" in item.get("ctx", {}):
        return str(item["ctx"]["remedy"])
    if item["type"] == "extra_forbidden":
        return "remove it or correct its spelling (tokumei config schema lists the keys)"
    if item["type"] in {"missing", "union_tag_not_found"}:
        return "add it"
    if item["type"] in _KEYS_WANTED:
        return "leave the key out where it is not needed, or write its keys (tokumei config schema lists them)"
    if item["type"] == "string_type":
        return "put the value in quotes"
    if item["type"] == "date_type":
        return "write it as YYYY-MM-DD, without quotes"
    if item["type"] == "bool_type":
        return "write true or false"
    return "correct the value"


def shown(path: Path) -> str:
    """The path as a person would write it: relative to the folder that holds `config/` where possible."""
    try:
        return str(path.relative_to(config_folder().parent))
    except ValueError:
        return f"{path.parent.name}/{path.name}"


def line_of(path: Path, key: list[int | str]) -> int:
    """Line of a key path in a file, 0 where the file cannot be read."""
    try:
        return _Lines(path.read_text(encoding="utf-8")).of(key)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return 0


def problem(path: Path, key: list[int | str], what: str, remedy: str) -> ConfigProblem:
    """A problem with the line of its key."""
    return ConfigProblem(shown(path), line_of(path, key), ".".join(str(part) for part in key), what, remedy)


class StrictLoader(yaml.SafeLoader):
    """YAML as JSON would have it: a key twice is an error, and only true/false are booleans."""


_BOOL = "tag:yaml.org,2002:bool"
StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != _BOOL]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
StrictLoader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|false)$"), ["t", "f"])


def _mapping(loader: StrictLoader, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, "the same key stands twice", key_node.start_mark)
        seen.add(key)
    return dict(yaml.SafeLoader.construct_mapping(loader, node, deep=True))


StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


class _Lines:
    """Finds the line of a key path in a YAML text."""

    def __init__(self, text: str) -> None:
        self.root = yaml.compose(text, Loader=yaml.SafeLoader)

    def of(self, location: list[int | str]) -> int:
        """Line of the deepest part of `location` that stands in the file."""
        node, line = self.root, 1
        for part in location:
            found = self._child(node, part)
            if found is None:
                break
            node, line = found
        return line

    def _child(self, node: yaml.Node | None, part: int | str) -> tuple[yaml.Node, int] | None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == part:
                    return value, key.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            return node.value[part], node.value[part].start_mark.line + 1
        return None
