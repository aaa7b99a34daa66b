"""Bias on the EEC: pairs, their statistics, and the audit of any system's scores."""

from bias_transfer.bias.audit import audit

__all__ = ["audit"]
