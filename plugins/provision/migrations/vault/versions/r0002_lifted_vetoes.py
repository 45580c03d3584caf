"""A veto can be lifted: what it withdrew stays in the register, with the entry of the log that ended it. Each request
has rows of its own, so that of two vetoes of one person the other holds on."""

from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    """The table anew, under its own name, with every row."""
    op.execute("alter table withdrawal rename to withdrawal_0001")
    op.execute("""
create table withdrawal (
    scope text not null, alias text not null, cause text not null check (cause in ('veto', 'deletion')),
    entry integer not null, lifted integer, primary key (scope, alias, cause, entry)
) without rowid, strict""")
    op.execute(
        "insert into withdrawal (scope, alias, cause, entry) select scope, alias, cause, entry from withdrawal_0001"
    )
    op.execute("drop table withdrawal_0001")
