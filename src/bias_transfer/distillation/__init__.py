"""Distillation: the loss, and the one loop that fits every student to every target."""
