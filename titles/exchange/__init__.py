"""Moving a register in and taking it out: CSV files with every number and date, and OCF."""
