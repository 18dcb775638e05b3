"""Statements of members: what was charged, paid and paid out from one day to another."""
