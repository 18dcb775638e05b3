"""Who may use how much? Periods, token books, rating, market, close."""
