"""The provision log (提供記録): an append-only Merkle log of everything the platform did, signed and provable.

`store.Ledger` writes and reads it, `verify.verify` checks it from its bytes, `proof` gives receipts to outsiders.
"""
