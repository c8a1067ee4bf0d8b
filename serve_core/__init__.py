"""Everything that clients and operators see and that does not depend on the framework.

Imports go down this list and never up:

    process, service, batching, wire, telemetry, settings and environment

`healthcheck` is a program of its own. No service imports `backends`: it tells tests and tools what is here.
"""
