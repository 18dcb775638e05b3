"""Members who stand behind a draft: with enough of them it needs no steward to be announced."""
