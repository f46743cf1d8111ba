"""The use cases as functions for other programs, which ``import ftwheel`` offers.

Like ``cli`` this room puts the others together. Unlike ``cli`` it reads no configuration: an answer depends on the
arguments alone.
"""
