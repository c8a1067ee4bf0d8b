"""Everything that clients and operators see and that does not depend on the framework.

Imports go down this list and never up:

    process, service, batching, wire, telemetry, settings and environment
"""
