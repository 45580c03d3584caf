"""証拠書類: what was done to a release, why, and what is left of the risk, for officers, auditors and counsel.

Beside the payload, never in it: method information must not reach recipients (APPI art. 45). Made from the facts of the
log and from the payload; holds counts, names and words, and of values only such as at least ten people share.
"""
