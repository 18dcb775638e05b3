"""Files that a bank gives: bytes in, statements out. No Django, no database."""
