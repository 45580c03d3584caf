"""提供元: who sends us files, where their drops appear, in which formats, under which legal status.

Read it from `model`, with the other nouns.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator, model_validator

from expectations.chart_grammar import problem_of
from provision.nouns import Identifier, Noun, Words


class Linkage(Noun):
    """連結の根拠: the document that allows linking this source's people with other sources of the same group."""

    document: str = Field(min_length=3, description="contract or consent document that allows linking")
    group: Identifier = Field(description="sources of one group share one vault")


class Permission(Noun):
    """提供の根拠: the document by which others let us release what is theirs, from its first to its last day."""

    document: str = Field(min_length=3, description="commission, or contract under which the data were received")
    starts: date
    ends: date
    announced_at: str = Field(
        default="", description="of a commission: where who commissioned it publishes the items (Rules art. 36(2))"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.ends < self.starts:
            raise ValueError("the document ends before it starts")
        return self


class ArchiveLimits(Noun):
    """書庫の上限: what archives in one received file may unpack to, counted on the bytes that really come out."""

    total_bytes: int = Field(default=50_000_000_000, gt=0, description="all of it, archives in archives counted too")
    member_bytes: int = Field(default=20_000_000_000, gt=0, description="one file in an archive")
    #: A delivery of 100,000 documents, with as many folders again (SS-MIX2 has one per patient, day and kind). Names
    #: are kept until the end of an archive: so many take some 100 MB.
    members: int = Field(default=250_000, gt=0, description="entries of any kind, in all archives of the file")
    depth: int = Field(default=4, gt=0, le=20, description="archives in archives; a .tar.gz is two")
    ratio: int = Field(default=200, gt=0, description="bytes out per byte in, asked from 16 MiB on")


class InboxLanding(Noun):
    """受領フォルダ: the sender's drops appear in our own folder, landing/inbox/<source>/."""

    kind: Literal["inbox"] = "inbox"


class BucketLanding(Noun):
    """The sender's drops appear below a prefix of an S3 bucket."""

    kind: Literal["bucket"]
    connection: str
    bucket: str = Field(min_length=1)
    prefix: str = Field(
        default="", pattern=r"^(?:/?[A-Za-z0-9][A-Za-z0-9._-]*)*/?$", description="letters, digits . _ - /"
    )
    after: Literal["delete", "keep"] = Field(default="delete", description="what becomes of received drops there")


class SftpLanding(Noun):
    """The sender's drops appear in a folder of an SFTP server; its host key is pinned in the extra `host_key`."""

    kind: Literal["sftp"]
    connection: str
    directory: str = Field(pattern=r"^[^\x00-\x1f\\]*[^\x00-\x1f\\/]/?$", description="a path without '..'")
    after: Literal["delete", "keep"] = Field(default="delete", description="what becomes of received drops there")

    @model_validator(mode="after")
    def _plain(self) -> Self:
        if ".." in self.directory.split("/"):
            raise ValueError("the directory is not a plain path")
        return self


Landing = Annotated[InboxLanding | BucketLanding | SftpLanding, Field(discriminator="kind")]


#: 形式: one format id, or several where a sender's drop holds files of several. A tag each: one error a mistake.
FormatIds = Annotated[
    Annotated[str, Tag("one")] | Annotated[list[str], Tag("several")],
    Discriminator(lambda value: "several" if isinstance(value, list) else "one"),
]


class Source(Noun):
    """提供元: who provides, in which format or formats, under which legal status.

    With a list of formats each file goes to the one that recognises it by its content, and `format_options` are by
    format id.
    """

    id: Identifier
    name: Words
    kind: Literal["hospital", "care_facility", "review_agency", "research_institute", "public_body", "insurer"]
    format: FormatIds = Field(description="format id, or a list of them: then every file is told by its content")
    format_options: dict[str, object] = Field(
        default_factory=dict, description="options of the format; for a list of formats by format id"
    )
    legal_status: Literal["personal", "commissioned", "anonymised_received"]
    linkage: Linkage | None = None
    permission: Permission | None = Field(
        default=None, description="commissioned, anonymised_received: what allows releasing it; without it never"
    )
    schedule: str | None = Field(default=None, description="cron expression in Asia/Tokyo, or empty for manual runs")
    deadline_hours: int = Field(default=4, gt=0, description="operators are alerted when an intake run takes longer")
    due_day: int | None = Field(
        default=None, ge=1, le=28, description="期限日: day of the month after which last month's batch is late"
    )
    landing: Landing = Field(default_factory=InboxLanding, description="where the sender's drops appear")
    chart_numbers: list[str] = Field(
        default_factory=list, max_length=20, description="forms of its chart numbers, as [0-9]{8} or K[0-9]{6,7}"
    )
    archive_connection: str | None = Field(default=None, description="connection whose password opens zip archives")
    archive_limits: ArchiveLimits = Field(default_factory=ArchiveLimits)

    @field_validator("format")
    @classmethod
    def _named_once(cls, value: str | list[str]) -> str | list[str]:
        if isinstance(value, list) and (not value or len(set(value)) < len(value)):
            raise ValueError("name at least one format, and each once")
        return value

    @field_validator("chart_numbers")
    @classmethod
    def _forms(cls, value: list[str]) -> list[str]:
        for form in value:
            if problem := problem_of(form):
                raise ValueError(f"is no form of chart numbers: {problem}")
        return value

    @field_validator("format_options")
    @classmethod
    def _by_format(cls, value: dict[str, object], info: ValidationInfo) -> dict[str, object]:
        names = info.data.get("format")
        if isinstance(names, list):
            if not set(value) <= set(names):
                raise ValueError("with a list of formats the options are by format id, and only of these formats")
            if not all(isinstance(options, dict) for options in value.values()):
                raise ValueError("with a list of formats the options of each are a mapping")
        return value

    @property
    def formats(self) -> tuple[str, ...]:
        """Every format id, as written."""
        return (self.format,) if isinstance(self.format, str) else tuple(self.format)

    @property
    def format_said(self) -> str | list[str]:
        """As the log says it: one id, or several sorted, so that their order in the file means nothing."""
        return self.formats[0] if len(self.formats) == 1 else sorted(self.formats)

    def options_of(self, format_id: str) -> dict[str, object]:
        """Options of one of the source's formats."""
        if isinstance(self.format, str):
            return self.format_options
        options = self.format_options.get(format_id, {})
        return options if isinstance(options, dict) else {}
