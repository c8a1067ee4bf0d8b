"""The applications that the services are compared with: a server starts each file by its name."""
