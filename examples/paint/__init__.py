"""Procedural painters for the pictures of the example catalog."""
