"""Reads simple indexes over HTTP, from folders and from recordings."""
