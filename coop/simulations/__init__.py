"""Simulations on the site: from today's state or a file, with changes, played apart, compared."""
