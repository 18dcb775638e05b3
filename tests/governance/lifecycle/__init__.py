"""The way of a proposal: versions, objections, second votes, halts, and what attacks it."""
