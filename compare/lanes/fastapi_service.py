"""FastAPI's service as an application without its server, so that another server can run it."""

import os

from serve_core.process.loading import load_model
from serve_core.service import Service
from serve_core.settings import Settings
from serve_core.telemetry.metrics import Metrics
from serve_fastapi.app import create_app

settings = Settings.from_env(os.environ)
app = create_app(Service(load_model(settings), settings, Metrics()), settings)
