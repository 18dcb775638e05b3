"""What is measured, and told in docs/ledger.md. Run with `python -m benchmarks.…`."""
