"""Everything that clients, operators and dashboards see and that no web framework decides."""
