"""Turns a fitted estimator and its data into an artifact."""

from .save import save

__all__ = ["save"]
