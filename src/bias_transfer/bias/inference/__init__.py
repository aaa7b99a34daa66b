"""Tests and intervals for pairs that share templates, people and seeds."""
