"""What have we agreed? Dated parameters, each changed by a decision."""
