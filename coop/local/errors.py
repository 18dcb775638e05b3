"""What can go wrong with the embedded services, in words for the operator."""


class LocalError(Exception):
    """An embedded service cannot be had; the text says why and what to do."""
