"""Who are we? The register, membership states, roles, users."""
