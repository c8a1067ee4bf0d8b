"""The judgement: figures, their intervals, and the verdicts on the claims."""
