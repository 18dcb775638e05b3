"""Sealed votes: the key ceremony, what goes onto the board, the trustees' count."""
