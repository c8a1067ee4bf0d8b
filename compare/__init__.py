"""Measures the services beside bare servers and minimal routes under the same load. No service imports this package."""
