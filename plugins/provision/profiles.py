"""加工基準: which rule each column gets, what every group must meet, what may be generalised, with act and article.

`config/profiles/*.yaml`. Nothing heavy is imported: DAG files load the configuration. What the words mean (rules, their
options, hierarchies) is checked by `profilechecks`, which knows the engines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from provision.layoutrules import wrong
from provision.nouns import Identifier, Noun, Words

#: A column, or a column of one table: ``sex``, ``diagnosis.start_date``.
ColumnPlace = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,62}\.)?[a-z][a-z0-9_]{0,62}$")]
#: Classes of columns that reach the store.
KeptClass = Literal["birth", "zip", "insurer", "provider", "sensitive", "quasi", "ordinary"]
Share = Annotated[float, Field(gt=0, le=1)]
OptionValue = bool | int | float | str | list[str] | list[float] | list[int]

_DIVERSITY = re.compile(r"(distinct:[0-9]+|entropy:[0-9.]+|recursive:[0-9.]+:[0-9]+):[a-z][a-z0-9_]*")
_CLOSENESS = re.compile(r"(equal|ordered):[0-9.]+:[a-z][a-z0-9_]*")


class Selector(Noun):
    """対象: the columns a rule is for. Where several keys are given all of them must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)

    cls: KeptClass | None = Field(default=None, alias="class", description="privacy class (docs/datasets.md)")
    domain: str | list[str] = Field(
        default_factory=list, description="domain words: date, month, code, form, range, code:outcome; one or several"
    )
    column: ColumnPlace | None = Field(default=None, description="a name, or table.column")
    role: str | None = Field(default=None, description="role of the field table: birth, sex, facility, …")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any((self.cls, self.domain, self.column, self.role)):
            raise wrong("selects every column", "name class, domain, column or role")
        return self

    @property
    def domains(self) -> frozenset[str]:
        """The domain words, one of which must hold; empty where any may."""
        return frozenset([self.domain] if isinstance(self.domain, str) else self.domain)


class RuleUse(Noun):
    """規則の適用: one rule, the columns it is for, its options, and the provision it serves."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)

    rule: Identifier = Field(description="id of a rule; tokumei config check lists them where it is unknown")
    columns: Selector
    parts: dict[str, Selector] = Field(default_factory=dict, description="columns of the other parts of a joint rule")
    options: dict[str, OptionValue] = Field(default_factory=dict, alias="with", description="options of the rule")
    unless: list[ColumnPlace] = Field(default_factory=list, description="columns the rule is not for")
    law: str = Field(min_length=1, description="act and article this use serves")


class Generalise(Noun):
    """一般化: a quasi-identifier that may be coarsened, between which levels, and how much a loss of it counts."""

    column: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="a quasi-identifier of plans")
    hierarchy: Identifier = Field(description="age, birth, date, zip3, insurer, facility, prefecture, icd10, …, plain")
    least: Identifier = Field(default="value", description="the finest level that may go out; value: as it is")
    most: Identifier = Field(default="all", description="the coarsest level that is looked at; all: it says nothing")
    weight: float = Field(default=1.0, gt=0, le=100, description="how much a loss of this column counts")


class Requirements(Noun):
    """要件 beside k: what the sensitive values of every group must be like."""

    l: list[str] = Field(  # noqa: E741 - the model's own name
        default_factory=list, description="distinct:L:COLUMN, entropy:L:COLUMN, recursive:C:L:COLUMN"
    )
    t: list[str] = Field(default_factory=list, description="equal:T:COLUMN, ordered:T:COLUMN")

    @field_validator("l")
    @classmethod
    def _diversity(cls, value: list[str]) -> list[str]:
        if not all(map(_DIVERSITY.fullmatch, value)):
            raise wrong("is no l-diversity", "distinct:L:COLUMN, entropy:L:COLUMN or recursive:C:L:COLUMN")
        return value

    @field_validator("t")
    @classmethod
    def _closeness(cls, value: list[str]) -> list[str]:
        if not all(map(_CLOSENESS.fullmatch, value)):
            raise wrong("is no t-closeness", "equal:T:COLUMN or ordered:T:COLUMN")
        return value

    @property
    def columns(self) -> tuple[str, ...]:
        """The sensitive columns named, each once."""
        return tuple(dict.fromkeys(text.rpartition(":")[2] for text in (*self.l, *self.t)))

    def on(self, columns: frozenset[str]) -> Requirements:
        """Those of the requirements whose column is among these."""
        keep = [[text for text in texts if text.rpartition(":")[2] in columns] for texts in (self.l, self.t)]
        return Requirements(l=keep[0], t=keep[1])

    def joined(self, other: Requirements) -> Requirements:
        """Both: whoever asks for more can only make it stricter."""
        return Requirements(l=list(dict.fromkeys((*self.l, *other.l))), t=list(dict.fromkeys((*self.t, *other.t))))


class TrailLimits(Noun):
    """診療の軌跡: the share of people who may be unique to somebody who knows one, two, three of their events."""

    events: list[ColumnPlace] = Field(min_length=1, description="columns that make an event, such as service_month")
    one: Share | None = None
    two: Share | None = None
    three: Share | None = None

    @property
    def limits(self) -> Mapping[int, float]:
        """Known events to share of people."""
        said = {1: self.one, 2: self.two, 3: self.three}
        return {known: share for known, share in said.items() if share is not None}


class AttackerLimits(Noun):
    """攻撃者モデル: the highest risk somebody may have, and for the marketer the mean."""

    prosecutor: Share | None = None
    journalist: Share | None = None
    marketer: Share | None = None

    @property
    def limits(self) -> Mapping[str, float]:
        """Attacker to risk."""
        said = {"prosecutor": self.prosecutor, "journalist": self.journalist, "marketer": self.marketer}
        return {attacker: risk for attacker, risk in said.items() if risk is not None}


class Profile(Noun):
    """加工方法: rules, thresholds and legal reference of a way of anonymising, config/profiles/*.yaml."""

    id: Identifier
    title: Words
    law: str = Field(description="act and articles this profile is meant to satisfy")
    in_force: date = Field(description="the state of the law it was written for")
    age_width: int = Field(default=5, ge=1, le=20, description="years per age band")
    age_top: int = Field(default=90, ge=80, le=100, description="everybody of this age or more in one band")
    minimum_k: int = Field(default=3, ge=3)
    maximum_suppression: float = Field(default=0.2, ge=0, lt=1)
    rules: list[RuleUse] = Field(default_factory=list, description="applied in this order, on receipt's floor")
    requirements: Requirements = Field(default_factory=Requirements)
    generalise: list[Generalise] = Field(default_factory=list)
    metric: Literal["loss", "precision", "entropy", "discernibility", "average-class-size"] = "loss"
    rare_codes: int = Field(default=0, ge=0, description="a code carried by under so many people goes; 0: none does")
    trail: TrailLimits | None = None
    attackers: AttackerLimits = Field(default_factory=AttackerLimits)

    @model_validator(mode="after")
    def _whole_bands(self) -> Self:
        if self.age_top % self.age_width:
            raise ValueError("age_top is no multiple of age_width")
        return self

    @field_validator("generalise")
    @classmethod
    def _each_once(cls, value: list[Generalise]) -> list[Generalise]:
        names = [one.column for one in value]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise wrong("the column stands twice", "name each column once", [number, "column"])
        return value

    @field_validator("rare_codes")
    @classmethod
    def _asks_for_something(cls, value: int) -> int:
        if value == 1:
            raise wrong("everybody is one person", "0 for none, or 2 and more")
        return value

    def generalised(self, column: str) -> Generalise | None:
        """How a quasi-identifier may be generalised; None where it stays as it is."""
        return next((one for one in self.generalise if one.column == column), None)
