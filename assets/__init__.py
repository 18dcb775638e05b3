"""What do we own together? Pools, physical assets, capacity, costs."""
