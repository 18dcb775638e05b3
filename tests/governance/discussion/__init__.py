"""Discussions of proposals."""
