"""Thin stages: each reads files, calls pure functions and writes files, where ``Layout`` says."""
