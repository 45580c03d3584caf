"""`tokumei risk`: how easily people in a table could be recognised, counted over people; tables of any size."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from provision.commands import Subparsers, say
from provision.errors import FixConfiguration

if TYPE_CHECKING:
    from anonymization.risk.assessing import Assessment


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
    from anonymization.risk.telling import told
    from anonymization.risk.unfit import Unfit

    try:
        found = _assessed(arguments)
    except Unfit as error:
        raise FixConfiguration(
            str(error), where="TABLE", rule="risk", remedy="change the table or the options"
        ) from None
    say(found.figures(), as_json=arguments.json, text="\n".join(told(found)))
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
