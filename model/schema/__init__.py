"""Defines what a model takes and what it predicts."""
