"""Whole-process measurements, side by side with a script on the vendor's client."""
