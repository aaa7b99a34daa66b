"""Bias and its transfer, on the EEC, film sentences and swapped reviews: pairs and statistics."""

from bias_transfer.bias.audit import audit

__all__ = ["audit"]
