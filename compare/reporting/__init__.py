"""The results for people: the record of a run, and the report."""
