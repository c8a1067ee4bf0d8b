"""Writes, checks and loads the folder that a service serves."""

from .load import Model, load

__all__ = ["Model", "load"]
