"""`tokumei explain RELEASE`: what was done to each column and why, who was left out, the risk before and after."""

from __future__ import annotations

import argparse

from provision.commands import Subparsers, say

_TITLES = {
    "profile": ("加工基準", "Profile"),
    "rules": ("加工の規則", "Rules"),
    "rare_codes": ("希少なコード", "Rare codes"),
    "levels": ("一般化の段階とその理由", "Levels, and why"),
    "left_out": ("除外した人", "Who was left out"),
    "risk": ("識別のリスク", "Risk, before and after"),
    "trails": ("診療の軌跡", "Trails"),
}


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("explain", help="say what a release's making did, and why")
    command.add_argument("release")
    command.add_argument("--language", choices=("ja", "en", "both"), default="both")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the explanation."""
    from provision.context import open_context
    from provision.releasing.explaining import explained

    found = explained(open_context(), arguments.release)
    languages = ("ja", "en") if arguments.language == "both" else (arguments.language,)
    say(found, as_json=arguments.json, text="\n".join(_lines(found, languages)))
    return 0


def _lines(found: dict[str, object], languages: tuple[str, ...]) -> list[str]:
    sections, made = found["sections"], list[str]()
    assert isinstance(sections, dict)
    for name, sentences in sections.items():
        if sentences:
            made += ["", " / ".join(_TITLES[name][("ja", "en").index(language)] for language in languages)]
            made += [f"  {said[language]}" for said in sentences for language in languages]
    return made[1:]
