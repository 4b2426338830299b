"""Reads a French electricity meter and puts what it says to use."""

__version__ = "0.1.0"
