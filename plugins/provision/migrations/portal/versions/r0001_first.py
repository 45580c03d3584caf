"""The portal's database as it was first made."""

from alembic import op

revision, down_revision = "0001", None

_STATEMENTS = (
    """CREATE TABLE IF NOT EXISTS member (
  id TEXT PRIMARY KEY, recipient TEXT NOT NULL, address TEXT NOT NULL, role TEXT NOT NULL, invited_by TEXT NOT NULL,
  created REAL NOT NULL, seed BLOB, step INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0,
  locked REAL NOT NULL DEFAULT 0, last_seen REAL, removed REAL) STRICT""",
    """CREATE UNIQUE INDEX IF NOT EXISTS member_here ON member (recipient, address) WHERE removed IS NULL""",
    """CREATE TABLE IF NOT EXISTS ticket (
  hash TEXT PRIMARY KEY, member TEXT NOT NULL REFERENCES member, purpose TEXT NOT NULL, onward TEXT NOT NULL,
  created REAL NOT NULL, expires REAL NOT NULL, seed BLOB, failures INTEGER NOT NULL DEFAULT 0, used REAL) STRICT""",
    """CREATE TABLE IF NOT EXISTS session (
  hash TEXT PRIMARY KEY, member TEXT NOT NULL REFERENCES member, kind TEXT NOT NULL, parent TEXT NOT NULL,
  created REAL NOT NULL, seen REAL NOT NULL, expires REAL NOT NULL, ended REAL) STRICT""",
    """CREATE TABLE IF NOT EXISTS acceptance (
  member TEXT NOT NULL REFERENCES member, delivery TEXT NOT NULL, terms TEXT NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (member, delivery, terms)) STRICT""",
    """CREATE TABLE IF NOT EXISTS link (
  hash TEXT PRIMARY KEY, member TEXT NOT NULL REFERENCES member, delivery TEXT NOT NULL, file TEXT NOT NULL) STRICT""",
    """CREATE TABLE IF NOT EXISTS transfer (
  id INTEGER PRIMARY KEY, member TEXT NOT NULL REFERENCES member, delivery TEXT NOT NULL, file TEXT NOT NULL,
  first INTEGER NOT NULL, past INTEGER NOT NULL, started REAL NOT NULL, ended REAL NOT NULL) STRICT""",
    """CREATE INDEX IF NOT EXISTS transfer_of ON transfer (delivery, file)""",
    """CREATE TABLE IF NOT EXISTS report (
  id TEXT PRIMARY KEY, member TEXT NOT NULL REFERENCES member, delivery TEXT NOT NULL, kind TEXT NOT NULL,
  words BLOB NOT NULL, at REAL NOT NULL) STRICT""",
    """CREATE TABLE IF NOT EXISTS attempt (what TEXT NOT NULL, who TEXT NOT NULL, at REAL NOT NULL) STRICT""",
    """CREATE INDEX IF NOT EXISTS attempt_of ON attempt (what, who, at)""",
)


def upgrade() -> None:
    """Tables that are there stay as they are."""
    for statement in _STATEMENTS:
        op.execute(statement)
