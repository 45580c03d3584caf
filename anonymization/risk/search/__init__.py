"""The generalisation with the least loss that meets every requirement: hierarchies, roll-up, metrics, exact search."""
