"""Fixtures of the acceptance tests; Django's models may be imported only once it is set up."""

from tests.metering.conftest import valley

__all__ = ["valley"]
