"""The FastAPI service: Pydantic declares every check."""
