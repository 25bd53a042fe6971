"""Applications that relay turns, each served on a port of its own by a real server."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django  # type: ignore[import-untyped]
import django.conf  # type: ignore[import-untyped]
import django.core.handlers.asgi  # type: ignore[import-untyped]
import django.core.handlers.wsgi  # type: ignore[import-untyped]
import django.http  # type: ignore[import-untyped]
import django.urls  # type: ignore[import-untyped]
import flask
import muxi
import uvicorn
from muxi import relay
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *values: Any) -> None:
        pass


@contextlib.contextmanager
def served_by_wsgi(app: Any) -> Iterator[str]:
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def served_by_uvicorn(app: Any) -> Iterator[str]:
    place = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{place.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        place.close()


def starlette(settings: dict[str, Any], options: dict[str, Any]) -> contextlib.AbstractContextManager[str]:
    formation = muxi.AsyncFormationClient(**settings)

    async def chat(request: Request) -> StreamingResponse:
        stream = formation.chat_stream(json.loads(await request.body()), user_id="reader")
        return StreamingResponse(relay.sse(stream, **options), headers=relay.HEADERS)

    return served_by_uvicorn(Starlette(routes=[Route("/", chat, methods=["POST"])]))


def asgi(settings: dict[str, Any], options: dict[str, Any]) -> contextlib.AbstractContextManager[str]:
    formation = muxi.AsyncFormationClient(**settings)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while (message := await receive()).get("more_body"):
            body += message["body"]
        stream = formation.chat_stream(json.loads(body + message["body"]), user_id="reader")
        await relay.asgi(stream, receive, send, **options)

    return served_by_uvicorn(app)


def wsgi(settings: dict[str, Any], options: dict[str, Any]) -> contextlib.AbstractContextManager[str]:
    formation = muxi.FormationClient(**settings)

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        stream = formation.chat_stream(json.loads(body), user_id="reader")
        start_response("200 OK", list(relay.HEADERS.items()))
        return relay.sse(stream, **options)

    return served_by_wsgi(app)


def in_flask(settings: dict[str, Any], options: dict[str, Any]) -> contextlib.AbstractContextManager[str]:
    formation = muxi.FormationClient(**settings)
    app = flask.Flask("relay")

    @app.post("/")
    def chat() -> flask.Response:
        stream = formation.chat_stream(flask.request.get_json(force=True), user_id="reader")
        return flask.Response(relay.sse(stream, **options), headers=relay.HEADERS)

    return served_by_wsgi(app)


class Urls:
    """A Django application with one view, at the root."""

    def __init__(self, view: Callable[..., Any]) -> None:
        self.urlpatterns = [django.urls.path("", view)]


def django_of(view: Callable[..., Any], handler: Callable[[], Any]) -> Any:
    """The application. A process has one configuration of Django, so that only the newest application answers."""
    if not django.conf.settings.configured:
        django.conf.settings.configure(ALLOWED_HOSTS=["*"], MIDDLEWARE=[], LOGGING_CONFIG=None)
        django.setup()
    django.conf.settings.ROOT_URLCONF = Urls(view)
    django.urls.set_urlconf(None)
    return handler()


def django_async(settings: dict[str, Any], options: dict[str, Any]) -> contextlib.AbstractContextManager[str]:
    formation = muxi.AsyncFormationClient(**settings)

    async def chat(request: Any) -> Any:
        stream = formation.chat_stream(json.loads(request.body), user_id="reader")
        return django.http.StreamingHttpResponse(relay.sse(stream, **options), headers=relay.HEADERS)

    return served_by_uvicorn(django_of(chat, django.core.handlers.asgi.ASGIHandler))


def django_sync(settings: dict[str, Any], options: dict[str, Any]) -> contextlib.AbstractContextManager[str]:
    formation = muxi.FormationClient(**settings)

    def chat(request: Any) -> Any:
        stream = formation.chat_stream(json.loads(request.body), user_id="reader")
        return django.http.StreamingHttpResponse(relay.sse(stream, **options), headers=relay.HEADERS)

    return served_by_wsgi(django_of(chat, django.core.handlers.wsgi.WSGIHandler))
