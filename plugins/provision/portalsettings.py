"""The nouns of the recipients' portal: who of a recipient may sign in, and how long a delivery can be fetched."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from provision.nouns import Noun

Address = Annotated[str, Field(pattern=r"^[a-z0-9._%+-]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?$")]
Domain = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?$", description="example.jp, no @")]


class PortalAccess(Noun):
    """受領者ポータル: the agreement's contact signs in and invites the others, who all have addresses of `domains`."""

    contact: Address = Field(description="契約窓口: signs in first, invites people and removes those who leave")
    domains: list[Domain] = Field(min_length=1, description="domains people may have their addresses in")
    mail_connection: str = Field(description="sends the one-time links")
    download_days: int = Field(
        default=30, gt=0, le=30, description="days after the handing-over in which files can be fetched"
    )
    store_access: bool = Field(
        default=False,
        description="the organisation also has a read-only key of the store for its own prefix (aws s3)",
    )

    def admits(self, address: str) -> bool:
        """Whether somebody with this address (lower case) may have an account."""
        return address == self.contact or address.rpartition("@")[2] in self.domains
