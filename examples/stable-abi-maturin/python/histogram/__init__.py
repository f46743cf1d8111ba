"""A histogram that many threads may fill at once."""

from ._histogram import Histogram

__all__ = ["Histogram"]
