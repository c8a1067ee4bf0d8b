"""The Flask service: every check is spelled out."""
