from python_boilerplate._answer import answer

__all__ = ["answer"]
