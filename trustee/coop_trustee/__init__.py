"""Sealed votes away from the site: the standard library and PyNaCl, nothing of the site.

Read in this order: shamir (a secret in k of n shares), canonical and dsse (what bytes mean),
locked (key files), deals (the key of a vote), answers and ballots (what a voter seals), sets (what
the site hands over), tallies (what the trustees publish), cli.
"""
