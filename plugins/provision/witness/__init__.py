"""証人: a program for somebody else's machine, who signs that the provision log only ever grew.

It holds a key of its own and the last checkpoint it saw of each log it knows. Of the log itself it sees sizes and
hashes, never an entry. Whoever restores an old copy of the log, or goes on differently from one, gets no signature.
"""
