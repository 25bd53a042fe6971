"""Exceptions: what they hold, and that the declared kinds are all there."""

from __future__ import annotations

import pickle

import muxi
import muxi.errors
import pytest
from muxi._error import make

CLASSES = [getattr(muxi.errors, name) for name in muxi.errors.__all__ if name != "map_error"]


def test_the_package_exports_every_exception() -> None:
    for cls in CLASSES:
        assert getattr(muxi, cls.__name__) is cls
        assert cls.__name__ in muxi.__all__
        assert cls.__module__ == "muxi.errors"
        assert issubclass(cls, muxi.MuxiError)
        assert cls.__doc__


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_pickles_whole(cls: type[muxi.MuxiError]) -> None:
    attributes = vars(muxi.MuxiError("CODE", "words", 400, {"a": [1]}, 2.5, "req_1", "sess_1", 3, b"{"))
    error = make(cls, ("CODE: words",), attributes)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is cls
    assert (str(copy), copy.args) == ("CODE: words", ("CODE: words",))
    assert copy.__dict__ == error.__dict__
    assert (copy.session_id, copy.attempts, copy.body) == ("sess_1", 3, b"{")


class Mine(muxi.NotFoundError):
    """A subclass with a constructor of its own."""

    def __init__(self, thing: str) -> None:
        super().__init__("MINE", f"no {thing}", 404)
        self.thing = thing


def test_a_subclass_pickles() -> None:
    copy = pickle.loads(pickle.dumps(Mine("tea")))
    assert (type(copy), str(copy), copy.thing) == (Mine, "MINE: no tea", "tea")


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
