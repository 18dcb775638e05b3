"""The books as files that an outsider can check with a program that is not ours: `coop-verify`.

docs/auditing.md describes the format. What is written comes from the rows as they stand, the leaves
too: evidence of a row that was changed must reach the auditor, so nothing stops the export.
"""
