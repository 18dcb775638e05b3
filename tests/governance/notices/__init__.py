"""What members are told of votes, and where they find them."""
