"""The Flask service: spells out what Pydantic declares for the FastAPI service."""
