"""What goes into the log."""

import logging


class NoTracebackBelowError(logging.Filter):
    """A refused page is one line; a traceback is for what failed.

    Also names the request, so that the number a reader was shown leads to the line.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Every record passes, the lesser ones without their traceback."""
        if record.levelno < logging.ERROR:
            record.exc_info = record.exc_text = None
        meta = getattr(getattr(record, "request", None), "META", {})
        name = meta.get("coop.request_id")
        if name and not getattr(record, "is_named", False):
            record.msg, record.is_named = f"[{name}] {record.msg}", True
        return True
