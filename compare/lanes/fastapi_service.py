"""FastAPI's service as an application alone, so that another server than its own can run it."""

import os

from serve_core.loading import load_model
from serve_core.metrics import Metrics
from serve_core.service import Service
from serve_core.settings import Settings
from serve_fastapi.app import create_app

settings = Settings.from_env(os.environ)
app = create_app(Service(load_model(settings), settings, Metrics()), settings)
