"""The applications that experiments start in processes of their own: the same thing in both frameworks."""
