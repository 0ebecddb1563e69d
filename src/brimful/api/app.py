"""The application: routes, limits, errors, documentation."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.staticfiles import StaticFiles
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp
from swagger_ui_bundle import swagger_ui_path

from brimful import __version__
from brimful.api import problem
from brimful.api.limits import Limits
from brimful.api.plain_balances import PlainBalances
from brimful.api.plain_spends import PlainSpends
from brimful.api.problem import ProblemBody
from brimful.api.readers import Readers
from brimful.api.routes import (
    accounts,
    ahead,
    authentications,
    auto_billing,
    chatbots,
    credit_leases,
    holds,
    hosted_pages,
    moves,
    packages,
    purchases,
    records,
    refunds,
    spend_batches,
    spends,
    subscriptions,
    test_clock,
    webhooks,
)
from brimful.api.spend_protocol import STATE, Plains
from brimful.wiring import Engine

_ABOUT = """
Prepaid credits that never run dry. Every account has a pool; when an operation needs more than the
pool holds, brimful buys exactly what is missing on the card on file and the operation continues.
Amounts are integers in minor units; credits and chatbots are whole numbers. Commands that change
money or credits take an `Idempotency-Key`. Errors are `application/problem+json` with a stable `code`.
"""


class _App(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        """Ours stands before what the framework puts around every request."""
        return Limits(super().build_middleware_stack())


def create_app(engine: Engine, background: Callable[[], Awaitable[None]] | None = None) -> FastAPI:
    """The API over an engine. ``background`` runs beside it, such as the worker's loop. Served by
    `SpendProtocol`, plain spends and balances are answered at the connection."""
    readers = Readers(engine)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Plains]]:
        import asyncio

        task = asyncio.ensure_future(background()) if background else None
        yield {STATE: Plains(PlainSpends(engine), PlainBalances(engine))}
        if task is not None:
            task.cancel()
        await engine.stop()

    app = _App(
        title="brimful",
        version=__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        swagger_ui_parameters={"persistAuthorization": True},
    )
    app.state.engine = engine
    app.state.readers = readers
    problem.install(app)
    for routes in (
        accounts, packages, spends, spend_batches, holds, credit_leases, purchases, subscriptions, chatbots, auto_billing,
        ahead, hosted_pages, records, refunds, moves, authentications, webhooks, test_clock,
    ):  # fmt: skip
        app.include_router(routes.router)
    _around(app, engine)
    return app


def _around(app: FastAPI, engine: Engine) -> None:
    """What is not of version 1: documentation, health, the gateway's events."""
    app.mount("/docs-assets", StaticFiles(directory=str(swagger_ui_path)), name="docs-assets")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="brimful",
            swagger_js_url="/docs-assets/swagger-ui-bundle.js",
            swagger_css_url="/docs-assets/swagger-ui.css",
            swagger_favicon_url="/docs-assets/favicon-32x32.png",
        )

    @app.get("/healthz", include_in_schema=False)
    async def health() -> dict[str, str]:
        await engine.ctx.db.check_writable()
        return {"status": "ok"}

    @app.post("/v1/gateways/{gateway}/events", include_in_schema=False)
    async def events(gateway: str, request: Request) -> Response:
        known = gateway == engine.ctx.gateway
        body = await request.body()
        if not known or not await engine.receive_event(body=body, headers=request.headers):
            return problem.response_of(problem.bad_event())
        return JSONResponse({"received": True})

    made = app.openapi

    def openapi() -> dict[str, object]:
        schema = made()
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        schemas["ProblemBody"] = ProblemBody.model_json_schema()
        return schema

    app.openapi = openapi  # type: ignore[method-assign]
