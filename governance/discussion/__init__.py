"""What members say about a proposal, and who hid what and why."""
