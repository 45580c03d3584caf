"""The nouns of delivery: the settings of each channel of a recipient, and where our mail comes back to."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from provision.nouns import Noun


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
    encryption: Literal["none", "sse-s3", "sse-kms"] = Field(
        default="none", description="what the store does at rest, beside our own encryption; proved before it is used"
    )
    kms_key: str = Field(default="", description="of sse-kms: the key's id; empty for the store's own")
    expire_objects: bool = Field(
        default=False, description="the store removes the objects by a lifecycle rule once links cannot work any more"
    )


class SftpSettings(Noun):
    """Upload to the partner's SFTP server; the host key is pinned in the connection's extra `host_key`."""

    kind: Literal["partner_sftp"]
    connection: str
    directory: str
    read_back: bool = True
    sweeps: bool = Field(default=False, description="the partner takes files away the moment they have their names")
    parallel_files: int = Field(default=1, ge=1, le=8, description="files sent at the same time, over one login")
    bytes_per_second: int | None = Field(default=None, gt=0, description="never faster than this, all files together")


ChannelSettings = Annotated[MailSettings | DiscSettings | BucketSettings | SftpSettings, Field(discriminator="kind")]


class MaildirReturns(Noun):
    """The mailbox our mail server puts status notes into, as a Maildir folder of this machine."""

    kind: Literal["maildir"]
    folder: str = Field(pattern=r"^/", description="absolute path; its new/ and cur/ are read")


class ImapReturns(Noun):
    """The same on an IMAP server: TLS from the first byte, certificate verified (RFC 8314)."""

    kind: Literal["imap"]
    connection: str
    folder: str = "INBOX"


Returns = Annotated[MaildirReturns | ImapReturns, Field(discriminator="kind")]
