"""What the services are measured against: each file an application that a server starts by its name."""
