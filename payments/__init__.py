"""Who has paid? Charges, references, payments."""
