"""What a route asks FastAPI for: the running service."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from serve_core.service import Service


async def service_of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


ServiceDep = Annotated[Service, Depends(service_of)]
