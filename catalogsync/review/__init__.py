"""Readings of a plan and of what became of it: pure functions, the same input, the same bytes."""
