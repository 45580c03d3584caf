"""The nouns of the operator: who it is and publishes what, who may approve, how long each zone keeps what it holds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from provision.nouns import Noun, Words


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
    announcement_url: str = Field(
        pattern=r"^(https://|http://(127\.0\.0\.1|localhost)(:\d+)?(/|$))",
        description="where the public reads the zone published/; https, or this machine",
    )


class Publication(Noun):
    """公表の確認: where an announcement is read back before anything opens, and how long a making may wait for it."""

    verified_at: Literal["url", "folder"] = Field(
        default="url",
        description="url: by HTTP from announcement_url; folder: nothing serves it (demonstration)",
    )
    making_after_hours: int = Field(
        default=72, gt=0, description="hours after making, without approval, when the items are announced by themselves"
    )


class Retention(Noun):
    """How long each zone keeps what it holds."""

    landing_days: int = Field(default=7, gt=0)
    quarantine_days: int = Field(default=30, gt=0)
    outbox_days: int = Field(default=30, gt=0)
    access_days: int = Field(default=365, gt=0, description="閲覧記録: page views and downloads")
    staging_days: int = Field(default=30, gt=0, description="disc images, after the recipient confirmed the disc")
    releases_days: int | None = Field(
        default=None, gt=0, description="payloads, after the release or its agreement ended; without it they stay"
    )
    store_months: int | None = Field(
        default=None, gt=0, description="de-identified tables, after the month they are about; without it they stay"
    )
    vault_months: int | None = Field(
        default=None, gt=0, description="蓄積期間: months after which a person has to end the period of a linkage scope"
    )
    ledger_years: int = Field(default=3, ge=3, description="the provision log is kept at least so long")
