"""A chat in the browser: a page, a route that streams answers, and a receiver of webhooks."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from fastapi import Cookie, FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, StreamingResponse
from muxi import AsyncFormationClient, relay, webhook
from pydantic import BaseModel, Field

PAGE = Path(__file__).parent / "page.html"
# Messages that the formation sent of its own accord; an application would keep them in its database.
news: deque[dict[str, str]] = deque(maxlen=100)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep one client, and its connections, for all requests."""
    async with AsyncFormationClient() as formation:
        await formation.wait_until_healthy(deadline=60)
        app.state.formation = formation
        yield


app = FastAPI(lifespan=lifespan)


class Question(BaseModel):
    """The body of a request of the page."""

    text: str = Field(min_length=1, max_length=10_000)
    session_id: str | None = None


@app.get("/")
async def page() -> FileResponse:
    """The page."""
    return FileResponse(PAGE)


@app.post("/chat")
async def chat(question: Question, user: Annotated[str, Cookie()] = "guest") -> StreamingResponse:
    """The answer, as it is written. Leaving the request stops it."""
    turn = {"message": question.text} | ({"session_id": question.session_id} if question.session_id else {})
    formation: AsyncFormationClient = app.state.formation
    stream = formation.chat_stream(turn, user_id=user)
    return StreamingResponse(relay.sse(stream), headers=relay.HEADERS)


@app.post("/webhooks/muxi", status_code=204)
async def receive(request: Request) -> None:
    """A turn in the background has ended."""
    try:
        event = webhook.unwrap(await request.body(), request.headers, os.environ["MUXI_ADMIN_KEY"])
    except webhook.WebhookVerificationError as error:
        raise HTTPException(401, error.message) from None
    text = "".join(item.text or "" for item in event.content)
    news.append({"request_id": event.request_id, "status": event.status, "text": text})


@app.get("/news")
async def listed() -> list[dict[str, str]]:
    """Return the events of the webhooks."""
    return list(news)
