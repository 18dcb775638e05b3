"""A title on paper and as a verifiable credential, and where it came from and went."""
