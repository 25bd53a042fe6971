"""Exceptions: what they hold, and that the declared kinds are all there."""

from __future__ import annotations

import builtins
import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import muxi
import muxi.errors
import pytest
from muxi.testing import LocalServer

# Those are builtins, too, and a star import leaves their names alone.
BUILTINS = {"ConnectionError", "TimeoutError"}
NAMED = [name for name in muxi.errors.__all__ if name != "map_error"]
CLASSES = [getattr(muxi.errors, name) for name in [*NAMED, *sorted(BUILTINS)]]


def test_a_star_import_hides_no_builtin() -> None:
    for module in (muxi, muxi.errors):
        assert not set(module.__all__) & set(dir(builtins)) - {"__doc__", "__name__"}
    assert set(dir(muxi.errors)) & set(dir(builtins)) >= BUILTINS
    for name in BUILTINS:
        assert issubclass(getattr(muxi, name), getattr(builtins, name))


def test_the_package_exports_every_exception() -> None:
    for cls in CLASSES:
        assert getattr(muxi, cls.__name__) is cls
        assert cls.__name__ in {*muxi.__all__, *BUILTINS}
        assert cls.__module__ == "muxi.errors"
        assert issubclass(cls, muxi.MuxiError)
        assert cls.__doc__


def whole(cls: type[muxi.MuxiError], text: str | None = None) -> muxi.MuxiError:
    """Return an error that has everything."""
    make: Any = cls
    ids = {"request_id": "req_1", "session_id": "sess_1"}
    given = {"code": "CODE", "message": "words", "status_code": 400, "details": {"a": [1]}, "retry_after": 2.5}
    error: muxi.MuxiError = make(**given, **ids, attempts=3, text=text, body=b"{")
    return error


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_pickles_whole(cls: type[muxi.MuxiError], way: Callable[[Any], Any]) -> None:
    error = whole(cls)
    same = way(error)
    assert type(same) is cls
    assert (str(same), repr(same)) == ("CODE: words", f"{cls.__name__}('CODE: words')")
    assert (same.args, same.__dict__) == (error.args, error.__dict__)
    assert (same.session_id, same.attempts, same.body) == ("sess_1", 3, b"{")


def by_its_arguments(error: muxi.MuxiError) -> muxi.MuxiError:
    """Return the error as it comes out of Celery, which sends the arguments as JSON."""
    made: muxi.MuxiError = type(error)(*json.loads(json.dumps(error.args)))
    return made


@pytest.mark.parametrize("text", [None, "CODE: words: field: why"])
@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_can_be_made_of_its_arguments(cls: type[muxi.MuxiError], text: str | None) -> None:
    error = whole(cls, text)
    same = by_its_arguments(error)
    assert (type(same), str(same), repr(same)) == (cls, str(error), repr(error))
    assert vars(same) == vars(error) | {"body": b""}
    assert str(same) == (text or "CODE: words")
    assert by_its_arguments(same).args == error.args


def test_a_reported_error_can_be_made_of_its_arguments(local: LocalServer) -> None:
    formation = local.formation()
    calls: list[Callable[[], object]] = [
        lambda: formation.get_agent("nobody"),
        lambda: formation.request("POST", "/chat", body={"message": 5}),
        lambda: local.formation(client_key="wrong").get_sessions("ada"),
        lambda: muxi.FormationClient(url="http://127.0.0.1:9").health(),
    ]
    for call in calls:
        with pytest.raises(muxi.MuxiError) as caught:
            call()
        same = by_its_arguments(caught.value)
        assert (type(same), str(same)) == (type(caught.value), str(caught.value))
        assert vars(same) == vars(caught.value) | {"body": b""}


@pytest.mark.parametrize("base", [muxi.NotFoundError, muxi.ConnectionError, muxi.TimeoutError])
def test_a_subclass_with_its_own_constructor_is_made_again(base: type[muxi.MuxiError]) -> None:
    class Mine(base):  # type: ignore[misc, valid-type]
        def __init__(self, thing: str) -> None:
            super().__init__("MINE", f"no {thing}", 404)
            self.thing = thing

    mine = Mine("tea")
    copies: list[Any] = [copy.copy(mine), by_its_arguments(mine)]
    for same in copies:
        assert (type(same), str(same), same.thing) == (Mine, "MINE: no tea", "tea")


class Silent(muxi.NotFoundError):
    """A subclass that does not call the constructor of its base."""

    def __init__(self) -> None:
        pass


def test_a_subclass_without_a_text_can_be_shown() -> None:
    assert (str(Silent()), repr(Silent())) == ("", "Silent('')")
    assert type(pickle.loads(pickle.dumps(Silent()))) is Silent


def test_the_constructors_are_those_of_the_official_sdk() -> None:
    error = muxi.MuxiError("CODE", "words", 400, {"a": 1})
    assert (error.code, error.message, error.status_code, error.details) == ("CODE", "words", 400, {"a": 1})
    assert (error.retry_after, error.request_id, error.session_id, error.attempts) == (None, None, None, 0)
    assert str(muxi.MuxiError("", "words", 0)) == "words"
    limited = muxi.RateLimitError("slow down")
    assert (limited.code, limited.status_code, limited.retry_after) == ("RATE_LIMITED", 429, None)
    assert muxi.RateLimitError("slow down", 420, 2.5).code == "RATE_LIMITED"


def test_a_status_that_is_none() -> None:
    for status in (-1, 0, 70000):
        assert (type(muxi.errors.map_error(status, "", "words")), status) == (muxi.MuxiError, status)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 408, 409, 413, 418, 422, 429, 500, 503, 599])
def test_map_error_agrees_with_replies(status: int) -> None:
    error = muxi.errors.map_error(status, "", "words", {"a": 1}, 2)
    assert (error.status_code, error.message, error.details, error.retry_after) == (status, "words", {"a": 1}, 2)
    assert str(error) == f"{error.code}: words"
    assert type(muxi.errors.map_error(status, "OTHER", "words")) is type(error)
    assert muxi.errors.map_error(status, "OTHER", "words").code == "OTHER"
