"""Pages of money that goes out: what members keep up themselves, and the treasurers' desks."""
