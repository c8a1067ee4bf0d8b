"""How a process of a service starts and stops, with any server."""
