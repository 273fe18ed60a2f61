"""Tests of catalogsync.manifest."""
