"""本人の請求: people who ask that their data be erased (消去) or not be used any more (veto).

An operator names the person once, on a terminal or through a file descriptor; what was said is sealed under a key of
the request until a second person approved it and it was carried out. The log has counts and the ids of requests,
batches and releases, never who it was. A veto keeps what was said in a register of its own, sealed under a
key of its own, so that batches that come later, also in other accumulation periods, are received without the person.
"""
