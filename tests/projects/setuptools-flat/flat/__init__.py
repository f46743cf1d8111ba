from flat._answer import answer

__all__ = ["answer"]
