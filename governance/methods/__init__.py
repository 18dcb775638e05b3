"""The kinds of decision: what an answer looks like, how it is counted, what is certified."""
