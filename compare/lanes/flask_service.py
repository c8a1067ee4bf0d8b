"""Flask's service as an application without its server, so that another server can run it."""

import os

from serve_core.process.loading import load_model
from serve_core.service import Service
from serve_core.settings import Settings
from serve_core.telemetry.metrics import Metrics
from serve_flask.app import create_app

settings = Settings.from_env(os.environ)
# This process imports the module and serves. Its end ends the service, whose threads are daemons.
service = Service(load_model(settings), settings, Metrics())
service.start()
app = create_app(service, settings)
