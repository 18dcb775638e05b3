"""Who a member is to others: keys of their own, and who vouches for whose."""
