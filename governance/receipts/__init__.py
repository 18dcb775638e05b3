"""Receipts of ballots: a file that its voter keeps, and whether it still fits the board."""
