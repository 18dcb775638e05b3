"""The bylaws that an applicant accepts: which version is in force. The text is a template."""

VERSION = "2026-06"
