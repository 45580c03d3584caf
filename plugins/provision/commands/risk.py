"""`tokumei risk`: how easily people in a table could be recognised, counted over people; tables of any size."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from provision.commands import Subparsers, say
from provision.errors import FixConfiguration

if TYPE_CHECKING:
    from anonymization.risk.assessing import Assessment
    from anonymization.risk.attacks.measuring import Attacks
    from anonymization.risk.trails.figures import TrailRisk


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("risk", help="how easily people in a table could be recognised: k, l, t, attackers")
    command.add_argument("table", metavar="TABLE", type=Path, help="CSV (; or ,) or Parquet")
    command.add_argument("--quasi", type=names, required=True, metavar="A,B", help="quasi-identifiers")
    command.add_argument("--sensitive", type=names, default=[], metavar="C", help="sensitive columns")
    command.add_argument("--person", metavar="P", help="column that says whose row it is; else each row is a person")
    command.add_argument("--weights", metavar="W", help="column: how many of the population a person stands for, 1 up")
    command.add_argument("--population", type=Path, help="table of everybody the people were drawn from")
    command.add_argument("--fraction", type=float, help="share of the population the table is, over 0, up to 1")
    command.add_argument(
        "--events", type=names, default=[], metavar="A,B", help="columns that make an event of a trail"
    )
    command.add_argument("--linked-by", metavar="C", help="column that links events, a claim's; else the person does")
    command.add_argument("--seed", type=int, default=0, help="of what is drawn at random for trails and attacks (0)")
    command.add_argument("--memory", default="2GB", help="what counting on disk may use, for large tables (2GB)")
    command.add_argument("--json", action="store_true", help="print the figures as JSON")
    command.set_defaults(run=run)


def names(text: str) -> list[str]:
    """Names between commas, each once."""
    found = [name.strip() for name in text.split(",")]
    if not all(found) or len(set(found)) != len(found):
        raise argparse.ArgumentTypeError("names of columns, separated by commas, each once")
    return found


def run(arguments: argparse.Namespace) -> int:
    """Assess and print. What is wrong with the table is an error; how high the risk is, is not."""
    from anonymization.risk.telling import told, told_attacks, told_trail
    from anonymization.risk.unfit import Unfit

    try:
        found = _assessed(arguments)
        trail, attacks = _attacked(arguments) if arguments.events else (None, None)
    except Unfit as error:
        raise FixConfiguration(
            str(error), where="TABLE", rule="risk", remedy="change the table or the options"
        ) from None
    figures, lines = found.figures(), [*told(found)]
    if trail is not None and attacks is not None:
        figures |= {"trail": trail.figures(), "attacks": attacks.figures()}
        lines += [*told_trail(trail), *told_attacks(attacks)]
    say(figures, as_json=arguments.json, text="\n".join(lines))
    return 0


def _assessed(arguments: argparse.Namespace) -> Assessment:
    from anonymization.risk.assessing import assess
    from provision import plaintables

    wanted = [*arguments.quasi, *arguments.sensitive, *filter(None, (arguments.person, arguments.weights))]
    if len(set(wanted)) != len(wanted):
        raise FixConfiguration("a column has two roles", where="TABLE", rule="risk", remedy="name each column once")
    in_memory_only = arguments.weights or arguments.population
    if plaintables.size(arguments.table) > plaintables.LARGE and not in_memory_only:
        return _on_disk(arguments, wanted)
    population = None
    if arguments.population is not None:
        whose = [arguments.person] if arguments.person else []
        population = plaintables.read(arguments.population, [*arguments.quasi, *whose], "--population")
    return assess(
        plaintables.read(arguments.table, wanted), arguments.quasi, arguments.sensitive, person=arguments.person,
        weight=arguments.weights, population=population, fraction=arguments.fraction,
    )  # fmt: skip


def _on_disk(arguments: argparse.Namespace, wanted: list[str]) -> Assessment:
    from anonymization.risk.larger import assess_larger
    from provision.largetables import TABLE, opened

    with opened(arguments.table, wanted, arguments.memory) as connection:
        return assess_larger(
            connection, TABLE, arguments.quasi, arguments.sensitive, person=arguments.person,
            fraction=arguments.fraction,
        )  # fmt: skip


def _attacked(arguments: argparse.Namespace) -> tuple[TrailRisk, Attacks]:
    """Trails and attacks. They follow people over their rows, so a table of one row a person has none."""
    from anonymization.risk.attacks.measuring import attacks
    from anonymization.risk.trails.counting import trail_risk
    from anonymization.risk.trails.events import columns
    from provision.largetables import TABLE, opened

    person, unit, seed = arguments.person, arguments.linked_by, arguments.seed
    if person is None or person in arguments.events or seed < 0:
        raise FixConfiguration(
            "trails belong to persons", where="--events", rule="risk.events",
            remedy="name the column of persons by --person, leave it out of --events, and take a seed of 0 or more",
        )  # fmt: skip
    quasi, sensitive, events = arguments.quasi, arguments.sensitive, columns(arguments.events)
    wanted = list(dict.fromkeys([*quasi, *sensitive, *arguments.events, person, *filter(None, [unit])]))
    with opened(arguments.table, wanted, arguments.memory) as connection:
        trail = trail_risk(connection, TABLE, person, events, unit=unit, seed=seed)
        return trail, attacks(connection, TABLE, person, quasi, sensitive, events=events, unit=unit, seed=seed)
