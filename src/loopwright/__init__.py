"""Loopwright: the whole production loop of a machine-learning project in one package."""

__version__ = "0.1.0"
