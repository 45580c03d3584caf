"""移行: our own databases from version to version, by Alembic; a database of another version is never worked with.

One folder per kind of database with one file per version. The rooms make new databases themselves, at the newest
version, and ask `versions.prepare` whether an old one may be used; `upgrading` brings it up to date when an operator
says so. The provision log and the access log are not among them: they are append-only and verified to the letter, and a
new form of theirs is a new place (`tokumei ledger move`). The index of the log is made anew by itself.
"""
