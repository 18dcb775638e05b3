"""Corrections: taking back and booking again what was booked wrongly."""
