"""Logs and metrics: how an operator sees the requests."""
