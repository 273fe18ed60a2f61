"""The way back: what the server has, as manifests and texts; values first, files last."""
