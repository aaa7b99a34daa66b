"""Distillation: the targets, the loss, and the one loop that fits every student to any of them."""
