"""The results for a person: the record of a run, the report and the table."""
