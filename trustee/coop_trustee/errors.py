"""What stops a command."""


class Refused(Exception):
    """Nothing was made or counted; the text says why, and what to do where something can be."""
