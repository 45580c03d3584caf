"""Fixtures of the intake tests: real servers that senders' drops lie on."""

from tests.support.servers import s3_server, sftp_server

__all__ = ["s3_server", "sftp_server"]
