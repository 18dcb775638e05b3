"""Who owns how much? Subscriptions, titles, equity credit, conversion."""
