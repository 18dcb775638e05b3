"""Which nodes are believed: how they stand, their keys, and how they are let in."""
