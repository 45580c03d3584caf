"""手分け: pieces of large batches are read and de-identified by other processes, a core each.

Reading documents is Python's work, of which one process does one thing at a time. So a process of intake collects
pieces, has `pool.Hands` make de-identified tables of them (`hand`, `job`), and writes these with their keys in the
order of the files. What decides about more than one piece stays in the one process: numbers, shares of wrong cells,
keys, known values. A piece that a hand does not make is made there, by the same code, so that a refusal is the same.

Clear text goes from process to process in memory that has no name (memfd) and through pipes. A hand that dies ends the
task (`RetryLater`); hands end when the pipe to their process does, however that ends.
"""
