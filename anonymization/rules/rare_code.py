"""希少コードの削除: a code carried by under `least` people goes, or becomes coarser until enough share it."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from anonymization.hierarchies import system, systems
from anonymization.rules.base import Parameters, Rule, Title
from anonymization.rules.support.domains import Domain, Domains, Labels
from anonymization.rules.support.ladder import Kept, Steps, climbed, placed
from anonymization.rules.support.options import Option
from anonymization.rules.support.people import whose


class RareCode(Rule):
    """Diseases, drugs and other codes that single out who has them (Rules art. 34 item 4 特異な記述等).

    The yardstick of ten is that of the NDB guideline (trial data: records with codes occurring under ten times go).
    Here people are counted, over all columns given together. Learnt is the list of codes that stay, so one that
    turns up later goes too. With `system` a rare code first becomes coarser: at each level those are counted that
    found no place below. Left out people can make other codes rare: apply it after everything that leaves out
    people, and again after that.

    >>> rows = {"code": ["E119", "E119", "E119", "E110", "E110", "D66"], "who": [1, 2, 3, 3, 4, 5]}
    >>> after("rare-code", rows, "code", person="who", least=2)["code"]
    ['E119', 'E119', 'E119', 'E110', 'E110', None]
    >>> after("rare-code", rows, "code", person="who", least=3, system="icd10")["code"]
    ['E119', 'E119', 'E119', None, None, None]
    >>> more = {"code": ["E119", "E110", "E140", "D66"], "who": [1, 2, 3, 4]}
    >>> after("rare-code", more, "code", person="who", least=3, system="icd10")["code"]
    ['E10-E14', 'E10-E14', 'E10-E14', None]
    """

    id = "rare-code"
    title = Title("希少コードの一般化・削除", "Rare codes coarsened or deleted")
    law = "規則34条4号"
    schema = (
        Option("least", int, "people who carry a code that stays", 10, least=2),
        Option("system", str, "code system to coarsen rare codes by; without it they go", "", form=r"[a-z0-9\-]*"),
    )
    needs_person = True
    shared = True

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Count who carries which code."""
        if asked.text("system") not in ("", *systems()):
            raise self.unfit("system", f"is one of {', '.join(sorted(systems()))}")
        assert asked.person is not None  # the rule needs it, `learn` has checked
        people = whose(frame, asked.person)
        kept = climbed(people, asked.of("column"), _steps(asked), asked.person, asked.number("least"))
        counts = {"labels_kept": sum(map(len, kept.labels)), "people_coarsened": sum(kept.people[1:-1]),
                  "people_emptied": kept.people[-1]}  # fmt: skip
        return replace(asked, counts=counts, secret={"kept": kept})

    def apply(self, parameters: Parameters) -> dict[str, pl.Expr | None]:
        """The code, or what it became, or null."""
        kept: Kept = parameters.secret["kept"]
        return {name: placed(name, _steps(parameters), kept).alias(name) for name in parameters.of("column")}

    def leaves(self, parameters: Parameters, before: Domains) -> dict[str, Domain]:
        """The list of what stays: it holds nothing that fewer than `least` people carry."""
        kept: Kept = parameters.secret["kept"]
        return dict.fromkeys(
            parameters.of("column"), Labels(frozenset(label for step in kept.labels for label in step))
        )


def _steps(parameters: Parameters) -> Steps:
    name = parameters.text("system")
    return lambda column: [pl.col(column).cast(pl.String), *(system(name).steps(column) if name else ())]


RULE = RareCode()
