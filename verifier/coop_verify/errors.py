"""What can stop the check, and what a line can be."""


class Unreadable(Exception):
    """The input cannot be checked at all; the text says what to do. Exit code 2."""


class Malformed(Exception):
    """A line, note or proof does not have the documented form."""
