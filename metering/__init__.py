"""Who used how much? Nodes, keys, signed batches, readings."""
