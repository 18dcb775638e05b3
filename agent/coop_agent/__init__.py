"""The node's program: reads real counters, signs what it read, delivers it when it can."""

__version__ = "0.1.0"
