"""Thin stages: each reads files, calls pure functions, and writes files. Paths come from ``Layout``."""
