"""The ladder of sanctions, and appeals before a panel drawn by lot."""
