"""The transparency log: every transaction, and every signed document, is a leaf of one tree."""
