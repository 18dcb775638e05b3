"""Checks a cooperative's books from outside: the standard library and PyNaCl, nothing of the site.

Read in this order: tree (hashes), note (signatures), canonical and forms (what lines look like),
bundle (files), replay (accounts), reversals, walk (the one pass over everything), closing and
titles (what must hold at the end), proofs (that stand alone), checks (which check runs when), cli.
"""
