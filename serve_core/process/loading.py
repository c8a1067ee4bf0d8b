"""Loads the model that the settings name, and logs which one it is."""

from __future__ import annotations

import structlog

from model.artifact import Model, load

from ..settings import Settings

logger = structlog.get_logger("serve.loading")


def load_model(settings: Settings) -> Model:
    """Raises: ArtifactError"""
    return load(
        settings.artifact,
        digest=settings.artifact_digest,
        allow_other_sklearn=settings.allow_other_sklearn,
        runtime=settings.runtime,
    )


def announce(model: Model) -> None:
    manifest = model.manifest
    logger.info("serving", model=manifest.name, version=manifest.version, runtime=model.runtime, reason=model.reason)
    if manifest.example:
        logger.warning(f"Serving the example model {manifest.name}: package your own, as docs/your-model.md shows.")
