"""The sixteen acceptance tests of metering, each under its number: see README.md."""
