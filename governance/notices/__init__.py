"""What members are told of votes: notices, digests, and by mail with one link."""
