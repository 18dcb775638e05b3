"""Signatures: one envelope format for everything the cooperative and its nodes sign."""
