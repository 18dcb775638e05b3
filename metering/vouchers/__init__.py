"""Vouchers that nodes honoured: pages, files and the API."""
