"""The measurement: the plan, the servers, the load, and the outcome of every request."""
