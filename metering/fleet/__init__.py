"""The fleet as people see it: nodes, their evidence, letting in, deciding."""
