"""The forms of typed actions, by subject, and how a payload fills one in."""
