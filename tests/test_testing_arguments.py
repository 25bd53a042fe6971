"""The arguments of `muxi.testing`: how scripts may be given, and the errors for what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_type_hints

import pytest
from muxi import FormationClient
from muxi.testing import FaultParts, LocalServer, Reply, Rule, Script, When
from muxi_local._script import as_path
from muxi_local._webhook import WORDS

RULES: list[Rule] = [{"when": {"text": "hello"}, "reply": "Hi!"}]


def say(formation: FormationClient, text: str) -> object:
    return formation.chat({"message": text})["message"]["content"]


@pytest.mark.parametrize(
    "script",
    [
        RULES,
        tuple(RULES),
        [MappingProxyType(RULES[0])],
        {"rules": RULES},
        "- when: {text: hello}\n  reply: Hi!\n",
        "[{when: {text: hello}, reply: Hi!}]",
        "# A comment\nrules: [{when: {text: hello}, reply: Hi!}]",
        json.dumps({"rules": RULES}),
    ],
)
def test_a_script_is_a_list_a_mapping_or_text(
    muxi_server: LocalServer, muxi_formation: FormationClient, script: Any
) -> None:
    muxi_server.script(script)
    assert say(muxi_formation, "hello") == "Hi!"


def test_a_mapping_has_more_than_rules(muxi_server: LocalServer, muxi_formation: FormationClient) -> None:
    heard = [{"when": {"filename": "a.wav"}, "text": "hello"}, {"text": "what?"}]
    muxi_server.script({"otherwise": "echo", "transcribe": heard, "rules": RULES})
    assert (say(muxi_formation, "hello"), say(muxi_formation, "bye")) == ("Hi!", "Echo: bye")
    empty: Any
    for empty in ({}, [], {"rules": []}):
        muxi_server.script(empty)
        assert str(say(muxi_formation, "hello")).startswith("No rule of the script fits")


@pytest.mark.parametrize(
    "text", ["🎉", "\u2028", "\x85", "\x7f", "\ufffe", "a\r\n\tb", "\\", "yes", "- {a: 1}", "x" * 3000]
)
def test_texts_of_a_list_arrive_as_they_are(
    muxi_server: LocalServer, muxi_formation: FormationClient, text: str
) -> None:
    muxi_server.script([{"reply": text}])
    assert say(muxi_formation, "hello") == text


def test_a_script_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("- reply: From a file\n")
    for script in (path, str(path)):
        with LocalServer(script=script) as server:
            assert say(server.formation(), "hello") == "From a file"


WRONG_RULES = [
    ("x", "expected a rule: a mapping with `reply` or `replies`"),
    (None, "expected a rule: a mapping with `reply` or `replies`"),
    ({}, "a rule needs either `reply` or `replies`"),
    ({"replly": "Hi!"}, "unknown field `replly`, expected one of when, reply"),
    ({"when": {"text": "("}, "reply": "x"}, "`(` is not a regular expression"),
    ({"reply": "{name}"}, "unknown name {name} in a text"),
]


@pytest.mark.parametrize(("rule", "words"), WRONG_RULES)
def test_a_wrong_rule_is_told_by_its_number(muxi_server: LocalServer, rule: Any, words: str) -> None:
    rules = [*RULES * 30, rule, *RULES]
    for script in (rules, {"otherwise": "echo", "rules": rules}):
        for use in (muxi_server.script, lambda script: LocalServer(script=script)):
            with pytest.raises((TypeError, ValueError), match=f"^script: rule 31: .*{re.escape(words)}"):
                use(script)


def test_a_value_that_is_no_json_is_told(muxi_server: LocalServer) -> None:
    with pytest.raises(TypeError, match=r"^script: expected texts, numbers, booleans, lists and mappings, not"):
        muxi_server.script([{"reply": Path("x")}])


def test_a_wrong_part_of_a_mapping_is_told_by_its_name(muxi_server: LocalServer) -> None:
    for wrong, words in (
        ({"otherwise": "ecco"}, "script: otherwise: unknown variant `ecco`"),
        ({"rulez": []}, "script: rulez: unknown field `rulez`, expected one of rules, transcribe, otherwise"),
        ({"transcribe": [{"text": "a"}, {"txt": "b"}]}, "script: transcription 2: unknown field `txt`"),
    ):
        with pytest.raises(ValueError, match=f"^{re.escape(words)}"):
            muxi_server.script({"rules": RULES, **wrong})


def test_an_error_in_a_text_has_line_and_column(muxi_server: LocalServer, tmp_path: Path) -> None:
    text = "- reply: a\n- replly: b\n"
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    for script, name in ((text, "script"), (path, str(path)), (str(path), str(path))):
        for use in (muxi_server.script, lambda script: LocalServer(script=script)):
            with pytest.raises(ValueError, match=f"^{re.escape(name)}:2:3: rule 2: unknown field `replly`"):
                use(script)


def test_a_file_that_cannot_be_read_is_named(muxi_server: LocalServer, tmp_path: Path) -> None:
    path = tmp_path / "missing.yaml"
    for script in (path, str(path)):
        with pytest.raises(FileNotFoundError, match=f"cannot read the script.*{re.escape(str(path))}"):
            muxi_server.script(script)
    path.write_bytes(b"- reply: \xff\n")
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: expected text in UTF-8"):
        muxi_server.script(path)


@pytest.mark.parametrize("text", ["", "hello", "./rules.txt", "C:\\rules.txt", "two\nlines"])
def test_a_string_is_rules_or_a_path(muxi_server: LocalServer, text: str) -> None:
    assert as_path(text) is None
    with pytest.raises(ValueError, match=f"^script must be .* or the path of a file .*, not {re.escape(repr(text))}$"):
        muxi_server.script(text)


@pytest.mark.parametrize("script", [5, b"- reply: Hi!", None])
def test_other_types_are_no_script(muxi_server: LocalServer, script: Any) -> None:
    with pytest.raises(TypeError, match=f"^script must be .*, not {type(script).__name__}$"):
        muxi_server.script(script)


def keys(error: pytest.ExceptionInfo[ValueError], before: str) -> set[str]:
    """The names that an error of the compiled module lists."""
    return set(re.findall(r"\w+", str(error.value).split(before)[1]))


@pytest.mark.parametrize(
    ("of", "script"),
    [
        (Rule, [{"nope": 1}]),
        (When, [{"when": {"nope": 1}, "reply": "x"}]),
        (Reply, [{"reply": {"nope": 1}}]),
        (Script, {"nope": 1}),
    ],
)
def test_the_types_of_a_script_have_the_keys_that_the_server_knows(
    muxi_server: LocalServer, of: type, script: Any
) -> None:
    with pytest.raises(ValueError, match="unknown field") as error:
        muxi_server.script(script)
    assert keys(error, "expected one of") == set(of.__annotations__)


def test_the_type_of_a_fault_has_the_parts_that_the_server_knows(muxi_server: LocalServer) -> None:
    with pytest.raises(ValueError, match="there is no part") as error:
        muxi_server.fail(nope=1)  # type: ignore[call-arg]
    # An argument of its own.
    assert keys(error, "possible are") - {"times"} == set(FaultParts.__annotations__)


def test_a_fault_has_one_path(muxi_server: LocalServer) -> None:
    with pytest.raises(TypeError, match=r"^fail\(\) got multiple values for argument 'path': .*'chat' and '/v1/mem\*'"):
        muxi_server.fail("chat", path="/v1/mem*", status=503)
    assert not muxi_server.faults
    for fault in (("chat", None), (None, "chat")):
        muxi_server.fail(fault[0], path=fault[1], status=503)
        assert muxi_server.faults[-1].parts["path"] == "chat"


@pytest.mark.parametrize(
    ("of", "name", "use"),
    [
        (FaultParts, "reset", lambda server, word: server.fail(reset=word)),
        (FaultParts, "close", lambda server, word: server.fail(close=word)),
        (FaultParts, "envelope", lambda server, word: server.fail(envelope=word)),
        (FaultParts, "garbage", lambda server, word: server.fail(garbage=word)),
        (When, "channel", lambda server, word: server.script([{"when": {"channel": word}, "reply": "x"}])),
        (Script, "otherwise", lambda server, word: server.script({"otherwise": word})),
    ],
)
def test_a_type_has_the_words_that_the_server_knows(
    muxi_server: LocalServer, of: type, name: str, use: Callable[[LocalServer, str], None]
) -> None:
    with pytest.raises(ValueError, match="one of") as error:
        use(muxi_server, "nope")
    literal = str(get_type_hints(of)[name])
    assert set(re.findall(r"'(\w+)'", literal)) == keys(error, "one of") - {"not", "nope"}


def test_the_words_of_a_webhook_are_those_that_the_server_knows(muxi_server: LocalServer) -> None:
    for name, words in WORDS.items():
        with pytest.raises(ValueError, match="must be one of") as error:
            muxi_server._server.send_webhook(json.dumps({"url": "http://127.0.0.1:9/", name: "nope"}))
        assert keys(error, "must be one of") - {"not", "nope"} == set(words)


EXAMPLE = "such as http://localhost:8000/"


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"age": -600}, ValueError, "age must be a whole number from 0 to 4294967295, not -600"),
        ({"times": 0}, ValueError, "times must be a whole number from 1 to 4294967295, not 0"),
        ({"times": 2**32}, ValueError, "times must be a whole number from 1 to 4294967295, not 4294967296"),
        ({"age": 1.5}, TypeError, "age must be a whole number from 0 to 4294967295, not 1.5"),
        ({"payload": [1]}, TypeError, "payload must be a mapping, not list"),
        ({"payload": {"at": Path("x")}}, TypeError, "payload must be JSON: "),
        ({"status": "done"}, ValueError, "status must be one of completed, failed, awaiting_clarification, not 'done'"),
        ({"signature": "odd"}, ValueError, "signature must be one of valid, wrong, missing, not 'odd'"),
        ({"url": 5}, TypeError, "url must be a str, not 5"),
        ({"user_id": None}, TypeError, "user_id must be a str, not None"),
        ({"formation_id": 5}, TypeError, "formation_id must be a str, not 5"),
        *(
            ({"payload": {}, name: value}, ValueError, f"payload must be alone, not beside {name}")
            for name, value in (("status", "failed"), ("text", ""), ("user_id", "ada"))
        ),
        *(
            ({"url": url}, ValueError, f"url must be an http or https URL with a host, {EXAMPLE}, not {url!r}")
            for url in (
                "localhost:8000",
                "",
                "ftp://x",
                "http://",
                "http:///a",
                "http://[::1",
                "http://a:x/",
                "http://a b",
            )
        ),
    ],
)
def test_a_wrong_argument_of_a_webhook_is_named(
    muxi_server: LocalServer, wrong: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=f"^{re.escape(words)}"):
        muxi_server.send_webhook(**{"url": "http://127.0.0.1:9/", **wrong})


def test_a_time_that_the_clock_cannot_be_moved_by_is_an_error(muxi_server: LocalServer) -> None:
    wrong_type: Any = "60"
    with pytest.raises(TypeError, match=r"^by must be a number of seconds or a timedelta, not '60'$"):
        muxi_server.clock.advance(wrong_type)
    for by in (-1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match=r"^by must be a time that is finite and not negative, not "):
            muxi_server.clock.advance(by)


def test_the_clock_is_moved_no_further_than_it_goes(muxi_server: LocalServer) -> None:
    before = muxi_server.clock.now
    for by in (1e300, 10**400, timedelta.max):
        with pytest.raises(ValueError, match=r"^by must be at most \d+ seconds, since .*, not ") as error:
            muxi_server.clock.advance(by)
    assert muxi_server.clock.now < before + timedelta(days=1)
    most = int(re.findall(r"\d+", str(error.value))[0])
    # The time of the test goes on.
    muxi_server.clock.advance(most - 3600)
    assert muxi_server.clock.now.year == 9999


WRONG_ARGUMENTS = [
    ("5", "each of formations must be a path (str or os.PathLike), not 5"),
    ("['a', 'b']", "each of formations must be a path (str or os.PathLike), not ['a', 'b']"),
    ("data=5", "data must be a path (str or os.PathLike), not 5"),
    ("quirks=['real']", 'quirks must be a str such as "real" or "default,-unsigned-notifications", not [\'real\']'),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG_ARGUMENTS)
def test_a_wrong_argument_of_a_server_is_named(arguments: str, words: str) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(words)}$"):
        eval(f"LocalServer({arguments})")


@pytest.mark.parametrize("name", ["server", "async_server", "formation", "async_formation"])
def test_an_unknown_setting_of_a_client_is_named(muxi_server: LocalServer, name: str) -> None:
    start = rf"^{name}\(\) got an unexpected keyword argument "
    for wrong, words in (
        ("max_retry", r"'max_retry'; did you mean 'max_retries'\?$"),
        ("colour", r"'colour'; expected (\w+, )*max_retries, "),
        ("cfg", r"'cfg'; "),
    ):
        with pytest.raises(TypeError, match=start + words):
            getattr(muxi_server, name)(**{wrong: 3})
