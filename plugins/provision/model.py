"""The nouns of the platform, frozen: what configuration says about sources, recipients, agreements and plans.

Field descriptions are what `tokumei config schema` writes into the JSON Schemas for editors.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from provision.anchorsettings import Anchors as Anchors
from provision.channelsettings import BucketSettings as BucketSettings
from provision.channelsettings import ChannelSettings as ChannelSettings
from provision.channelsettings import DiscSettings as DiscSettings
from provision.channelsettings import ImapReturns as ImapReturns
from provision.channelsettings import MaildirReturns as MaildirReturns
from provision.channelsettings import MailSettings as MailSettings
from provision.channelsettings import Returns as Returns
from provision.channelsettings import SftpSettings as SftpSettings
from provision.keysettings import OwnKeys
from provision.nouns import Identifier as Identifier
from provision.nouns import Noun as Noun
from provision.nouns import Words as Words
from provision.operatornouns import Officer as Officer
from provision.operatornouns import Operator as Operator
from provision.operatornouns import Publication as Publication
from provision.operatornouns import Retention as Retention
from provision.portalsettings import PortalAccess as PortalAccess
from provision.profiles import Profile as Profile
from provision.profiles import Requirements as Requirements
from provision.profiles import TrailLimits as TrailLimits
from provision.sources import ArchiveLimits as ArchiveLimits
from provision.sources import BucketLanding as BucketLanding
from provision.sources import InboxLanding as InboxLanding
from provision.sources import Landing as Landing
from provision.sources import Linkage as Linkage
from provision.sources import Permission as Permission
from provision.sources import SftpLanding as SftpLanding
from provision.sources import Source as Source

Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="YYYY-MM")]
QuasiIdentifier = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_]{0,62}$",
        description="age_band, sex, prefecture, birth_month, zip3, insurer, or a quasi column of a head table",
    ),
]
MailPlace = Annotated[str, Field(pattern=r"^[^\s@,;]*@[A-Za-z0-9][A-Za-z0-9.-]*$", description="a@b.jp, or @b.jp")]
Channel = Literal["mail", "disc", "bucket", "partner_sftp"]


def _not_excel_alone(formats: list[str]) -> list[str]:
    """A workbook is a convenience: CSV or Parquet, which no program changes on opening, goes with it."""
    if set(formats) == {"xlsx"}:
        raise ValueError("xlsx goes beside csv or parquet, never alone")
    if len(set(formats)) < len(formats):
        raise ValueError("a format is named twice")
    return formats


TableFormats = Annotated[list[Literal["parquet", "csv", "xlsx"]], AfterValidator(_not_excel_alone)]


class AgeKey(Noun):
    """An age public key, read out and confirmed by another way than it came."""

    kind: Literal["age"]
    key: str = Field(pattern=r"^age1[a-z0-9]{50,}$")
    confirmed_on: date
    confirmed_by: str

    @property
    def identity(self) -> str:
        """What stands for the key in the log: an age key is short enough to be its own fingerprint."""
        return self.key


class OpenPgpKey(Noun):
    """An OpenPGP public key for partners who insist; the fingerprint was confirmed by another way than the key came."""

    kind: Literal["openpgp"]
    key: str = Field(pattern=r"^-----BEGIN PGP PUBLIC KEY BLOCK-----\n[\s\S]+$", description="the ASCII-armoured block")
    fingerprint: str = Field(pattern=r"^([0-9A-F]{40}|[0-9A-F]{64})$", description="capitals, no spaces")
    confirmed_on: date
    confirmed_by: str

    @property
    def identity(self) -> str:
        """What stands for the key in the log."""
        return self.fingerprint


EncryptionKey = Annotated[AgeKey | OpenPgpKey, Field(discriminator="kind")]


_SECURITY = Words(
    ja="取扱者を限り、アクセスを制御し、暗号化して保管し、漏えい等のおそれがあるときは直ちに提供者に知らせる。",
    en="Few named handlers, controlled access, encrypted storage, and word to us at once where a leak is feared.",
)


class Agreement(Noun):
    """提供契約: what the recipient may have, for what, until when."""

    id: str
    purpose: str
    starts: date
    ends: date
    categories: list[int] = Field(min_length=1, description="content categories 1-8 of the published policy")
    channels: list[Channel] = Field(min_length=1)
    datasets: list[str] = Field(min_length=1)
    items: dict[str, list[str]] = Field(
        default_factory=dict,
        description="項目: dataset.table to the columns agreed on; empty: every column of the agreed datasets",
    )
    formats: TableFormats = Field(
        default=["parquet", "csv"],
        min_length=1,
        description="表の形式: parquet, csv, xlsx (small tables, beside one of the others); a plan uses these or fewer",
    )
    addresses: list[MailPlace] = Field(
        default_factory=list,
        description="送付先: addresses, or domains as @example.jp, to which messages may go; mail, bucket need it",
    )
    trail: TrailLimits | None = Field(
        default=None, description="診療の軌跡: share of people whom 1, 2, 3 known events may single out"
    )
    no_reidentification: Literal[True] = Field(description="APPI art. 45 is part of every agreement")
    onward_provision: Literal["forbidden", "with_consent"] = Field(
        default="forbidden", description="再提供: whether the recipient may pass the data on, after asking in writing"
    )
    security: Words = Field(default=_SECURITY, description="安全管理: what the recipient does to keep the data safe")
    destroy_within_days: int = Field(
        default=30,
        gt=0,
        description="廃棄: days after the end within which the recipient destroys the data and says so",
    )

    def columns(self, dataset: str, table: str) -> frozenset[str] | None:
        """Columns of a table that are agreed on; None where the agreement names no single items."""
        return frozenset(self.items.get(f"{dataset}.{table}", ())) if self.items else None

    @property
    def digest(self) -> str:
        """SHA-256 of every term but the addresses: what approvals are bound to. A new address alone reopens nothing."""
        said = self.model_dump(mode="json", exclude={"addresses"})
        return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    def covers(self, address: str) -> bool:
        """Whether a message may go to this address. Domains are compared without regard to case, the rest exactly."""
        name, _, domain = address.rpartition("@")
        told = [place.rpartition("@") for place in self.addresses]
        return any(whose in ("", name) and where.lower() == domain.lower() for whose, _, where in told)

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
    portal: PortalAccess | None = Field(
        default=None, description="受領者ポータル: who may sign in there; then a bucket's files are fetched through it"
    )

    def channel(self, kind: str) -> MailSettings | DiscSettings | BucketSettings | SftpSettings | None:
        """Settings of one channel, or None."""
        return next((c for c in self.channels if c.kind == kind), None)


class TableSelection(Noun):
    """Which columns of which table go out."""

    dataset: str
    table: str
    columns: list[str] = Field(min_length=1)
    items: list[str] = Field(
        default_factory=list, description="of a table of test values these items only (codes of test_item); empty: all"
    )


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
    formats: TableFormats = Field(
        default_factory=list, description="some of the agreement's formats; empty: those of the agreement"
    )
    channel: Channel
    quasi_identifiers: list[QuasiIdentifier] = Field(min_length=1)
    k: int = Field(ge=3, description="smallest number of people that may share their quasi-identifiers")
    suppression_limit: float = Field(ge=0, lt=1, description="share of people that may be left out before refusing")
    requirements: Requirements = Field(
        default_factory=Requirements, description="l-diversity and t-closeness, beside those of the profile"
    )
    schedule: Schedule = Field(default_factory=Schedule)
    deadline_hours: int = Field(default=72, gt=0)


class Platform(OwnKeys):
    """config/platform.yaml."""

    environment: Literal["demo", "production"]
    operator: Operator
    purposes: list[str] = Field(min_length=1, description="purposes the operator has published")
    officers: list[Officer] = Field(min_length=2)
    requesters: list[str] = Field(min_length=1)
    escrow_key: str = Field(pattern=r"^age1[a-z0-9]{50,}$", description="the operator's own age key: every delivery")
    escrow_openpgp: OpenPgpKey | None = Field(
        default=None, description="the operator's own OpenPGP key: every delivery to a recipient with an OpenPGP key"
    )
    approval_days: int = Field(
        default=30, gt=0, description="days after which an approval does not count any more, if nothing was opened"
    )
    alert_connection: str
    alert_address: str
    retention: Retention = Field(default_factory=Retention)
    anchors: Anchors = Field(default_factory=Anchors, description="where signed checkpoints of the log go besides here")
    publication: Publication = Field(default_factory=Publication)
    returns: Returns | None = Field(
        default=None, description="戻りの郵便箱: where delivery status notes about our messages (RFC 3464) arrive"
    )
    unconfirmed_days: int = Field(
        default=14, gt=0, description="days after handing over, without word from the recipient, that make an alert"
    )
    portal_url: str = Field(
        default="",
        pattern=r"^(https://[A-Za-z0-9][A-Za-z0-9.:/_-]*|http://(127\.0\.0\.1|localhost)(:[0-9]+)?/?|)$",
        description="受領者ポータルの公開アドレス: https://..., for links in messages; empty: no portal, no such links",
    )
    intake_processes: int | None = Field(
        default=None, ge=1, le=16, description="processes that read one large batch; by default one a core, up to four"
    )
