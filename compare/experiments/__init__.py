"""What needs no load to be settled: each file asks both frameworks the same question, and counts.

An experiment returns figures by name; `claims.toml` says what they mean.
"""
