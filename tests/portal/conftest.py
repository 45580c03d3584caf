"""A portal with one delivery in it, made once by the real steps over real servers, and copied for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.servers.s3 import S3Server
from demo.servers.smtp import SmtpServer
from tests.support.portals import Portal, Template, delivered, opened_portal
from tests.support.servers import s3_server, smtp_server

__all__ = ["s3_server", "smtp_server"]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, smtp_server: SmtpServer, s3_server: S3Server) -> Template:
    """Configuration and zones after a delivery to a recipient with a portal."""
    return delivered(Path(tmp_path_factory.mktemp("portal-template")), smtp_server, s3_server, size=300_000)


@pytest.fixture
def portal(template: Template, tmp_path: Path) -> Iterator[Portal]:
    """A portal of one's own, with a clock that can be turned."""
    with opened_portal(template, tmp_path) as made:
        yield made
