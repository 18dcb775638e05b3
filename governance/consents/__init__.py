"""Objections in a consent on the pages: raised with the ballot, taken back, ruled on (R21)."""
