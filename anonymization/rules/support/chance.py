"""Randomness that nobody can repeat: seeded by the operating system, and the seed is nowhere kept (PPC Q&A 15-14)."""

from __future__ import annotations

import secrets

import numpy as np


def generator() -> np.random.Generator:
    """A fresh generator with 256 random bits."""
    return np.random.Generator(np.random.PCG64(secrets.randbits(256)))
