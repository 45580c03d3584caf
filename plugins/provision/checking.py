"""Checking the configuration as a whole: what single files cannot know of each other.

Every problem names file, line and key and says what to do. Used by `tokumei config check` and before any run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from provision import codes, config, formats
from provision.catalogue import Catalogue
from provision.config import ConfigProblem, Loaded, problem
from provision.errors import FixConfiguration, TokumeiError
from provision.formats.base import Format
from provision.formats.tables import DROPPED
from provision.layouts import PREFIX, Answer, Layout, LayoutColumn, TestValue
from provision.model import (
    BucketLanding,
    Plan,
    Platform,
    Profile,
    Recipient,
    SftpLanding,
    Source,
)
from provision.profilechecks import plan_problems, profile_problems
from provision.recipientchecks import key_problems, portal_problems, recipient_problems
from provision.releasing.conditions import Unmet, about_agreement, about_contents, about_people, about_sources
from provision.releasing.drafting import today
from provision.releasing.tables import column_of, items_of, layout, table_of


def check_all(folder: Path, on: date | None = None) -> list[ConfigProblem]:
    """Every problem of a configuration folder on the day `on` (today in Japan)."""
    platform, problems = config.load_platform(folder)
    sources, recipients = config.load_sources(folder), config.load_recipients(folder)
    plans, profiles = config.load_plans(folder), config.load_profiles(folder)
    layouts = config.load_layouts(folder)
    known = Catalogue(layouts.items)
    for loaded in (sources, recipients, plans, profiles, layouts):
        problems += loaded.problems
    if platform is not None:
        problems += _platform(folder, platform)
        problems += [p for i, plan in plans.items.items() for p in _told(plans.files[i], about_people(plan, platform))]
    for name, source in sources.items.items():
        problems += _source(sources.files[name], source, known)
    problems += _landings(sources)
    for name, table in layouts.items.items():
        problems += layout_problems(layouts.files[name], table)
    for name, profile in profiles.items.items():
        problems += profile_problems(profiles.files[name], profile)
    for name, recipient in recipients.items.items():
        problems += recipient_problems(recipients.files[name], recipient, on or today(), known)
        problems += key_problems(recipients.files[name], recipient, platform)
        problems += portal_problems(recipients.files[name], recipient, platform)
    for name, plan in plans.items.items():
        problems += _plan(plans.files[name], plan, sources, recipients, profiles, on or today())
        mine = (profiles.items.get(plan.profile), recipients.items.get(plan.recipient))
        problems += _tables(plans.files[name], plan, known, *mine)
        problems += _as_of(plans.files[name], plan, on or today())
    return problems


def _platform(folder: Path, platform: Platform) -> Iterator[ConfigProblem]:
    path = folder / "platform.yaml"
    if platform.environment == "production" and any(officer.demo for officer in platform.officers):
        yield problem(path, ["officers"], "a demonstration account is an officer", "name real officers in production")
    for key in ("id", "login"):
        values = [getattr(officer, key) for officer in platform.officers]
        if len(set(values)) < len(values):
            yield problem(path, ["officers"], f"two officers have the same {key}", "every officer is one person")
    yield from _keys_apart(path, platform)


def _keys_apart(path: Path, platform: Platform) -> Iterator[ConfigProblem]:
    """控えの鍵: one private key that opens two of these opens what was kept apart."""
    named = {key: getattr(platform, key) for key in ("escrow_key", "backup_key", "vault_backup_key")}
    for key, value in named.items():
        if value and list(named.values()).count(value) > 1 and key != "escrow_key":
            yield problem(path, [key], "another purpose has the same key", "make a pair of its own (age-keygen)")


def _formats_remedy(name: str, known: Catalogue) -> str:
    if name.startswith(PREFIX):
        return f"correct layouts/{name.removeprefix(PREFIX)}.yaml first, or write it (tokumei sources propose)"
    return f"known: {', '.join(sorted(known.formats()))}"


def _source(path: Path, source: Source, known: Catalogue) -> Iterator[ConfigProblem]:
    for number, name in enumerate(source.formats):
        key: list[int | str] = ["format"] if isinstance(source.format, str) else ["format", number]
        if name not in known.formats():
            yield problem(path, key, "no such format", _formats_remedy(name, known))
        elif not _is_taken(known.format(name)):
            yield problem(path, key, f"files of the format {name} are never taken", "leave it out")
    if source.legal_status == "anonymised_received" and source.linkage is not None:
        yield problem(path, ["linkage"], "data received anonymised may not be linked (APPI art. 45)", "remove linkage")
    yield from _clock(path, ["schedule"], source.schedule)


def layout_problems(path: Path, layout: Layout) -> Iterator[ConfigProblem]:
    """What a layout's own file cannot know: code lists, and the names of the program's formats."""
    if layout.id in {source.dataset.id for source in formats.formats().values()}:
        yield problem(path, ["id"], "a dataset of the program has this id", "choose another id")
    for place, column in layout.headed():
        for key, name, wanted in _codes_of(column):
            try:
                known = codes.load(name).names
            except FixConfiguration as error:
                yield problem(path, [*place, key], f"{error.what}: {name}", f"add {error.where}")
                continue
            if wanted is not None and not set(wanted) <= set(known):
                yield problem(path, [*place, key], f"is no code of {name}", f"use those of config/codes/{name}.tsv")


def _codes_of(column: LayoutColumn | TestValue | Answer) -> Iterator[tuple[str, str, Iterable[str] | None]]:
    """Key, code list, and the codes that must be in it (None: the list itself must be there)."""
    if isinstance(column, LayoutColumn):
        word, _, name = column.domain.partition(":")
        if word == "code":
            yield "domain", name, None
            if column.values:
                yield "values", name, column.values.values()
        return
    if column.unit:
        yield "unit", "test_unit", [column.unit]
    if isinstance(column, TestValue) and column.item:
        yield "item", "test_item", [column.item]


def _clock(path: Path, key: list[int | str], cron: str | None) -> Iterator[ConfigProblem]:
    """The DAGs ask Airflow's own library, so the check does, too."""
    from croniter import croniter  # type: ignore[import-untyped]

    if cron and not croniter.is_valid(cron):
        yield problem(path, key, "is no cron expression", "write minute hour day month weekday, such as 0 6 * * *")


def _is_taken(source_format: Format) -> bool:
    """Whether anything of the format's files is ever kept: of DPC K files nothing is, they are refused whole."""
    tables = source_format.dataset.tables
    return any(column.cls not in DROPPED for table in tables for column in table.columns)


def _landings(sources: Loaded[Source]) -> Iterator[ConfigProblem]:
    """Two sources must not fetch from one place: each would take the other's drops away."""
    places = {name: landing_place(source) for name, source in sources.items.items()}
    for name, place in places.items():
        for other in (o for o in places if o != name and place and places[o]):
            if place[: len(places[other])] == places[other]:
                what = f"source {other} fetches from the same place, or from one around it"
                yield problem(sources.files[name], ["landing"], what, "give every source a place of its own")


def landing_place(source: Source) -> tuple[str, ...]:
    """Where a source's drops lie, from the outside inwards; empty for our own inbox, of which everyone has one."""
    landing = source.landing
    if isinstance(landing, BucketLanding):
        return ("s3", landing.connection, landing.bucket, *filter(None, landing.prefix.split("/")))
    if isinstance(landing, SftpLanding):
        root = ("/",) if landing.directory.startswith("/") else ()
        return ("sftp", landing.connection, *root, *(p for p in landing.directory.split("/") if p not in {"", "."}))
    return ()


def _told(path: Path, found: Iterable[Unmet]) -> Iterator[ConfigProblem]:
    """Conditions that do not hold, as problems of the plan's file."""
    return (problem(path, list(unmet.key), unmet.what, unmet.remedy) for unmet in found)


def _plan(
    path: Path,
    plan: Plan,
    sources: Loaded[Source],
    recipients: Loaded[Recipient],
    profiles: Loaded[Profile],
    on: date,
) -> Iterator[ConfigProblem]:
    for key, names in (("sources", plan.sources), ("schedule", plan.schedule.after)):
        for name in names:
            if name not in sources.items:
                yield _unknown(path, key, "source", name, "sources")
    yield from _clock(path, ["schedule", "cron"], plan.schedule.cron)
    if all(name in sources.items for name in plan.sources):
        for unmet in about_sources(plan, sources.items, on):
            file = sources.files[unmet.id] if unmet.folder == "sources" else path
            yield problem(file, list(unmet.key), unmet.what, unmet.remedy)
    recipient = recipients.items.get(plan.recipient)
    if recipient is None:
        yield _unknown(path, "recipient", "recipient", plan.recipient, "recipients")
    else:
        yield from _told(path, about_agreement(plan, recipient))
    profile = profiles.items.get(plan.profile)
    if profile is None:
        yield _unknown(path, "profile", "profile", plan.profile, "profiles")
    if profile is not None and plan.k < profile.minimum_k:
        yield problem(path, ["k"], f"the profile asks for at least {profile.minimum_k}", "raise k")
    if profile is not None and plan.suppression_limit > profile.maximum_suppression:
        yield problem(path, ["suppression_limit"], f"the profile allows {profile.maximum_suppression}", "lower it")
    if plan.first_month > plan.cutoff_month:
        yield problem(path, ["first_month"], "lies after cutoff_month", "correct the months")


def _unknown(path: Path, key: str, noun: str, name: str, folder: str) -> ConfigProblem:
    """A name that a plan uses: nobody has it, or the file that has it does not hold."""
    if (path.parent.parent / folder / f"{name}.yaml").is_file():
        return problem(path, [key], f"the {noun} {name} does not hold", f"correct {folder}/{name}.yaml first")
    return problem(path, [key], f"there is no {noun} {name}", f"add {folder}/{name}.yaml, or correct the name")


def _as_of(path: Path, plan: Plan, on: date) -> Iterator[ConfigProblem]:
    """基準日: until a day is over, two drafts as of that day could differ."""
    if isinstance(plan.as_of, date) and plan.as_of >= on:
        yield problem(path, ["as_of"], "this day is not over in Japan", "name a day that is over, or run")


def _tables(
    path: Path, plan: Plan, known: Catalogue, profile: Profile | None, recipient: Recipient | None
) -> Iterator[ConfigProblem]:
    """Every table and column that cannot go out; what only the whole layout shows, where these are right."""
    found = []
    for number, selection in enumerate(plan.tables):
        place: list[int | str] = ["tables", number]
        try:
            dataset, table = table_of(plan, selection, known)
        except TokumeiError as error:
            key = "dataset" if error.rule == "plan.dataset" else "table"
            found.append(problem(path, [*place, key], error.what, error.remedy))
            continue
        try:
            items_of(plan, table, selection)
        except TokumeiError as error:
            found.append(problem(path, [*place, "items"], error.what, error.remedy))
        for position, name in enumerate(selection.columns):
            try:
                column_of(plan, dataset, table, name)
            except TokumeiError as error:
                found.append(problem(path, [*place, "columns", position], error.what, error.remedy))
    yield from found
    try:
        if not found:
            layout(plan, known)
    except TokumeiError as error:
        yield problem(path, [error.rule.removeprefix("plan.")], error.what, error.remedy)
        return
    if not found and profile is not None:
        yield from (problem(path, *said) for said in plan_problems(plan, profile, known))
    if not found and recipient is not None:
        yield from _told(path, about_contents(plan, recipient, known))
