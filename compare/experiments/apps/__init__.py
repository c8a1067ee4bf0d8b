"""The applications that experiments start as processes: the same in both frameworks."""
