"""Fixtures of the fault tests: real servers."""

from tests.support.servers import s3_server, sftp_server, smtp_server, xorriso

__all__ = ["s3_server", "sftp_server", "smtp_server", "xorriso"]
