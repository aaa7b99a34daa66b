"""Bias on the EEC: exact pairing, paired statistics, and the audit of any system's scores."""

from bias_transfer.bias.audit import audit

__all__ = ["audit"]
