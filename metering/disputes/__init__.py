"""What members doubt of their metered use, and the answers."""
