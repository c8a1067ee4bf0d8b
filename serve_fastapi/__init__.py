"""The FastAPI service: Pydantic declares what the Flask service spells out."""
