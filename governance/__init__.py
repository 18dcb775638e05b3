"""Who decides? Proposals, ballots, tallies and what they execute."""
