"""Simple indexes, wherever they are: over HTTP, in folders, in recordings."""
