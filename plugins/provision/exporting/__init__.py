"""期間報告: what was provided in a period, as CSV, JSON or PDF, each with a proof that needs neither us nor a network.

An export is a ZIP of two files: the report, and ``proof.json`` with every entry of the period in its exact bytes, what
else the report rests on, one signed checkpoint and the hashes that join them (`together`). Whoever has the log's public
key recomputes the root, sees that no entry of the period is missing, and makes the report anew to compare it
(`verifying`).
"""
