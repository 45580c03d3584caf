"""The vault as version 0.1.0 made it, before databases had versions."""

from alembic import op

revision, down_revision = "0001", None


def upgrade() -> None:
    """Tables that are there stay as they are."""
    op.execute("""
create table if not exists identity (
    scope text not null, identity blob not null, alias text not null unique,
    health_branch blob, health_birth blob, care blob, facility_chart blob, name_birth blob, e_birth blob, e_sex blob,
    e_kana blob, e_written blob,
    primary key (scope, identity)
) without rowid, strict""")
    op.execute("""
create table if not exists withdrawal (
    scope text not null, alias text not null, cause text not null check (cause in ('veto', 'deletion')),
    entry integer not null, primary key (scope, alias, cause)
) without rowid, strict""")
