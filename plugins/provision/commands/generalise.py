"""`tokumei generalise`: the generalisation of a table with the least loss that meets all requirements, with reasons."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from provision.commands import Subparsers, say
from provision.commands.risk import names
from provision.errors import FixConfiguration, Refused

if TYPE_CHECKING:
    from anonymization.risk.search.generalising import Generalised
    from anonymization.risk.search.hierarchy import Hierarchy
    from anonymization.risk.search.problem import Problem


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("generalise", help="find the generalisation of a table with the least loss")
    command.add_argument("table", metavar="TABLE", type=Path, help="CSV (; or ,) or Parquet; one row per person")
    command.add_argument("--hierarchies", type=Path, required=True, metavar="DIR", help="has *_hierarchy_COLUMN.csv")
    command.add_argument("--quasi", type=names, required=True, metavar="A,B", help="quasi-identifiers")
    command.add_argument("--k", type=int, help="at least so many people in a group")
    command.add_argument(
        "--l", action="append", default=[], metavar="KIND:L:COLUMN",
        help="distinct:3:col, entropy:3:col or recursive:C:L:col; may be given several times",
    )  # fmt: skip
    command.add_argument(
        "--t", action="append", default=[], metavar="DISTANCE:T:COLUMN",
        help="equal:0.2:col or ordered:0.2:col; may be given several times",
    )  # fmt: skip
    command.add_argument("--suppression", default="0", help="share of people that may be left out, 0 to under 1")
    command.add_argument(
        "--metric", default="loss", help="loss, precision, entropy, discernibility, average-class-size"
    )
    command.add_argument("--out", type=Path, help="write the generalised table here, as CSV")
    command.add_argument("--json", action="store_true", help="print the result as JSON")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Search and print; `Refused` where no generalisation meets the requirements."""
    from anonymization.risk.unfit import Unfit

    if arguments.out is not None and arguments.out.exists():
        raise FixConfiguration("the output exists", where="--out", rule="out", remedy="name a new file")
    try:
        found = _found(arguments)
    except Unfit as error:
        raise FixConfiguration(
            str(error), rule="generalise", remedy="change the table, the hierarchies or the options"
        ) from None
    say(found.figures(), as_json=arguments.json, text="\n".join(found.told()))
    return 0


def _found(arguments: argparse.Namespace) -> Generalised:
    from anonymization.risk.asking import asked
    from anonymization.risk.search.coding import problem
    from anonymization.risk.search.generalising import generalise
    from anonymization.risk.search.metrics import metric
    from anonymization.risk.search.recoding import recode
    from anonymization.risk.unfit import Unfit
    from provision import plaintables

    requirements, sensitive = asked(arguments.k, arguments.l, arguments.t)
    if set(sensitive) & set(arguments.quasi):
        raise Unfit("a column is both quasi-identifier and sensitive")
    people = plaintables.read(arguments.table, [*arguments.quasi, *sensitive])
    hierarchies = [_hierarchy(arguments, name) for name in arguments.quasi]
    made = problem(people, hierarchies, requirements, limit=arguments.suppression, sensitive=sensitive)
    found = generalise(made, metric(arguments.metric))
    if found is None:
        raise _none(made)
    if arguments.out is not None:
        recode(people, made, found.best.node).write_csv(arguments.out)
    return found


def _hierarchy(arguments: argparse.Namespace, column: str) -> Hierarchy:
    """The file of a column: the table's own (``TABLE_hierarchy_COLUMN.csv``) before the only one there is."""
    from anonymization.risk.search.hierarchy import Hierarchy
    from anonymization.risk.unfit import Unfit
    from provision import plaintables

    where, ending = f"hierarchy of {column}", f"_hierarchy_{column}.csv"
    found = sorted(path for path in arguments.hierarchies.glob("*.csv") if path.name.endswith(ending))
    own = [path for path in found if path.name == arguments.table.stem + ending]
    if len(own or found) != 1:
        raise FixConfiguration(
            f"{len(found)} files end with {ending}", where="--hierarchies", rule="hierarchy.file",
            remedy="the folder needs one for each quasi-identifier, or one that begins with the table's name",
        )  # fmt: skip
    try:
        return Hierarchy(column, tuple(plaintables.labels((own or found)[0], where)))
    except Unfit as error:
        raise FixConfiguration(str(error), where=where, rule="hierarchy.form", remedy="correct the file") from None


def _none(made: Problem) -> Refused:
    from anonymization.risk.search.generalising import least_left_out

    return Refused(
        f"no generalisation meets the requirements: with everything at its coarsest {least_left_out(made):,} of "
        f"{made.people:,} people would be left out, {made.spare:,} may be",
        where="TABLE", rule="generalise.none", remedy="ask for less, allow more suppression, or add coarser levels",
    )  # fmt: skip
