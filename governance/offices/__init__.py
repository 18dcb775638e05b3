"""Elections and recalls, terms of office, emergency measures."""
