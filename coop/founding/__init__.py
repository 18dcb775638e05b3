"""Founding a cooperative of one's own from a file."""
