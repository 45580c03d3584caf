"""索引: an index of the provision log for searching, counting and drawing. Never believed over the log.

The log is made for proving, one entry after the other; pages ask "which releases to this recipient last spring". The
index answers such questions with numbers and ids only, and whoever shows something reads it from the log itself
(`searching.found`). It is one SQLite file beside the log, grows with it (`updating.update`), is bound to it by size and
root, and may be deleted at any time.
"""
