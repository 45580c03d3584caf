"""`make leak-matrix`: every identifier kind, in every place, in every disguise, planted into clean payloads and gated.

Shares nothing with the gate it measures: values, labels, disguises and documents are made here, from a seed.
"""
