"""Scenario planning: an economy as a text file, played through the real services."""
