"""The nouns of the platform, frozen: what configuration says about sources, recipients, agreements and plans.

Field descriptions are what `tokumei config schema` writes into the JSON Schemas for editors.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,39}$", description="lower-case letters, digits, hyphens")]
Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="YYYY-MM")]
QuasiIdentifier = Literal["age_band", "sex", "prefecture", "birth_month", "zip3", "insurer"]
Channel = Literal["mail", "disc", "bucket", "partner_sftp"]


class Noun(BaseModel):
    """Base of all configuration: no unknown keys, no silent conversion, no change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Words(Noun):
    """A text in Japanese and English."""

    ja: str
    en: str


class Linkage(Noun):
    """連結の根拠: the document that allows linking this source's people with other sources of the same group."""

    document: str = Field(min_length=3, description="contract or consent document that allows linking")
    group: Identifier = Field(description="sources of one group share one vault")


class ArchiveLimits(Noun):
    """書庫の上限: what archives in one received file may unpack to, counted on the bytes that really come out."""

    total_bytes: int = Field(default=50_000_000_000, gt=0, description="all of it, archives in archives counted too")
    member_bytes: int = Field(default=20_000_000_000, gt=0, description="one file in an archive")
    members: int = Field(default=10_000, gt=0, description="entries of any kind, in all archives of the file")
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
    schedule: str | None = Field(default=None, description="cron expression in Asia/Tokyo, or empty for manual runs")
    deadline_hours: int = Field(default=4, gt=0, description="operators are alerted when an intake run takes longer")
    landing: Landing = Field(default_factory=InboxLanding, description="where the sender's drops appear")
    archive_connection: str | None = Field(default=None, description="connection whose password opens zip archives")
    archive_limits: ArchiveLimits = Field(default_factory=ArchiveLimits)

    @field_validator("format")
    @classmethod
    def _named_once(cls, value: str | list[str]) -> str | list[str]:
        if isinstance(value, list) and (not value or len(set(value)) < len(value)):
            raise ValueError("name at least one format, and each once")
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


class MailSettings(Noun):
    """E-mail with an encrypted attachment."""

    kind: Literal["mail"]
    connection: str
    address: str
    limit_bytes: int = Field(default=7_000_000, gt=0, description="largest message the recipient accepts, on the wire")


class DiscSettings(Noun):
    """A disc image in the staging folder, to be burned and carried."""

    kind: Literal["disc"]
    medium: Literal["cd-r", "dvd-r", "dvd+r", "dvd+r-dl"] = "dvd+r"
    postal_address: str


class BucketSettings(Noun):
    """An S3 bucket; the recipient gets an expiring link by e-mail."""

    kind: Literal["bucket"]
    connection: str
    bucket: str
    prefix: str = ""
    link_hours: int = Field(default=72, gt=0, le=168)
    mail_connection: str
    address: str


class SftpSettings(Noun):
    """Upload to the partner's SFTP server; the host key is pinned in the connection's extra `host_key`."""

    kind: Literal["partner_sftp"]
    connection: str
    directory: str
    read_back: bool = True


ChannelSettings = Annotated[MailSettings | DiscSettings | BucketSettings | SftpSettings, Field(discriminator="kind")]


class EncryptionKey(Noun):
    """The recipient's public key, its fingerprint confirmed out of band."""

    kind: Literal["age"]
    key: str = Field(pattern=r"^age1[a-z0-9]{50,}$")
    confirmed_on: date
    confirmed_by: str


class Agreement(Noun):
    """提供契約: what the recipient may have, for what, until when."""

    id: str
    purpose: str
    starts: date
    ends: date
    categories: list[int] = Field(min_length=1, description="content categories 1-8 of the published policy")
    channels: list[Channel] = Field(min_length=1)
    datasets: list[str] = Field(min_length=1)
    no_reidentification: Literal[True] = Field(description="APPI art. 45 is part of every agreement")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.ends < self.starts:
            raise ValueError("the agreement ends before it starts")
        return self


class Recipient(Noun):
    """提供先."""

    id: Identifier
    name: Words
    representative: str
    postal_address: str
    encryption: EncryptionKey
    agreement: Agreement
    channels: list[ChannelSettings] = Field(min_length=1)

    def channel(self, kind: str) -> MailSettings | DiscSettings | BucketSettings | SftpSettings | None:
        """Settings of one channel, or None."""
        return next((c for c in self.channels if c.kind == kind), None)


class TableSelection(Noun):
    """Which columns of which table go out."""

    dataset: str
    table: str
    columns: list[str] = Field(min_length=1)


class Schedule(Noun):
    """When a plan runs: after all these sources took in a batch, or by cron (Asia/Tokyo). Empty: by hand."""

    after: list[Identifier] = Field(default_factory=list)
    cron: str | None = None


class Plan(Noun):
    """提供計画: what one recipient gets under one agreement, standing. A release is one run of it."""

    id: Identifier
    title: Words
    purpose: str
    recipient: Identifier
    agreement: str
    requester: str
    approvers: list[str] = Field(min_length=2, description="at least two officers of platform.yaml")
    profile: str
    sources: list[Identifier] = Field(min_length=1)
    linkage: Literal["none", "claim", "person"] = Field(description="what connects rows: nothing, a claim, a person")
    first_month: Month
    cutoff_month: Month
    as_of: date | Literal["run"] = Field(
        default="run", description="YYYY-MM-DD: only what was accepted in Japan up to this day; run: up to the draft"
    )
    tables: list[TableSelection] = Field(min_length=1)
    formats: list[Literal["parquet", "csv"]] = Field(min_length=1)
    channel: Channel
    quasi_identifiers: list[QuasiIdentifier] = Field(min_length=1)
    k: int = Field(ge=3, description="smallest number of people that may share their quasi-identifiers")
    suppression_limit: float = Field(ge=0, le=1, description="share of people that may be left out before refusing")
    schedule: Schedule = Field(default_factory=Schedule)
    deadline_hours: int = Field(default=72, gt=0)


class Profile(Noun):
    """加工方法: thresholds and legal reference of a way of anonymising, config/profiles/*.yaml."""

    id: Identifier
    title: Words
    law: str = Field(description="act and articles this profile is meant to satisfy")
    in_force: date = Field(description="the state of the law it was written for")
    age_width: int = Field(default=5, ge=1, le=20, description="years per age band")
    age_top: int = Field(default=90, ge=80, le=100, description="everybody of this age or more in one band")
    minimum_k: int = Field(default=3, ge=3)
    maximum_suppression: float = Field(default=0.2, ge=0, le=1)

    @model_validator(mode="after")
    def _whole_bands(self) -> Self:
        if self.age_top % self.age_width:
            raise ValueError("age_top is no multiple of age_width")
        return self


class Officer(Noun):
    """承認者: may approve releases. `login` is the user name in Airflow, `airflow_id` its id where it differs (FAB)."""

    id: str
    name: str
    role: Literal["privacy_officer"]
    login: str
    airflow_id: str = ""
    demo: bool = Field(default=False, description="a demonstration account: refused in production")


class Operator(Noun):
    """The company that runs the platform, as it names itself to the public."""

    name: Words
    contact: str = Field(description="complaints and enquiries, published (APPI art. 43(6))")
    announcement_url: str


class Retention(Noun):
    """How long each zone keeps what it holds, in days."""

    landing_days: int = Field(default=7, gt=0)
    quarantine_days: int = Field(default=30, gt=0)
    outbox_days: int = Field(default=30, gt=0)


class Platform(Noun):
    """config/platform.yaml."""

    environment: Literal["demo", "production"]
    operator: Operator
    purposes: list[str] = Field(min_length=1, description="purposes the operator has published")
    officers: list[Officer] = Field(min_length=2)
    requesters: list[str] = Field(min_length=1)
    escrow_key: str = Field(pattern=r"^age1[a-z0-9]{50,}$", description="the operator's own age key: every delivery")
    alert_connection: str
    alert_address: str
    retention: Retention = Field(default_factory=Retention)
