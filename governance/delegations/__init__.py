"""Votes given into other hands: proxies and delegations."""
