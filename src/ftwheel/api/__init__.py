"""The commands as functions for other programs; ``import ftwheel`` exports them.

Like ``cli``, this package wires the other layers together. Unlike ``cli``, it reads no configuration: an answer
depends on the arguments alone.
"""
