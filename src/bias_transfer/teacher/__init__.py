"""The teacher: a causal language model that is asked for P(Negative) and P(Positive)."""
