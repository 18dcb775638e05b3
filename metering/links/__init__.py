"""Links between nodes: what both ends say of the same traffic."""
