"""Every write of the bank desk, by business subject."""

from bank.services.deciding import Wish, decide
from bank.services.importing import import_file
from bank.services.matching import match_all, match_lines
from bank.services.shapes import keep_shape
from bank.services.undoing import undo

__all__ = ["Wish", "decide", "import_file", "keep_shape", "match_all", "match_lines", "undo"]
