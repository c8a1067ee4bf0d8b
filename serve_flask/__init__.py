"""The Flask service: every check is written out."""
