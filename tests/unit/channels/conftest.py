"""Fixtures of the channel tests: real servers."""

from tests.support.servers import ceph_store, s3_server, sftp_server, smtp_server, xorriso

__all__ = ["ceph_store", "s3_server", "sftp_server", "smtp_server", "xorriso"]
