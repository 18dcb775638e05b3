"""New versions, objections, second votes, halts: what may happen to a proposal on its way."""
