"""Tables of bank statements that came in and of orders that go out."""
