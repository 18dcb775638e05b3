"""Ballot files: BLT, ABIF and CSV, read strictly and written exactly."""

from governance.counting.files.abif import read_abif, write_abif
from governance.counting.files.blt import read_blt, write_blt
from governance.counting.files.table import Cells, read_csv, write_csv
from governance.counting.files.text import BallotFileError

__all__ = [
    "BallotFileError",
    "Cells",
    "read_abif",
    "read_blt",
    "read_csv",
    "write_abif",
    "write_blt",
    "write_csv",
]
