"""The examples of the reference print what its pages show."""

from __future__ import annotations

from typing import Any

import pytest
import reference
from test_every_operation import contract

EXAMPLES = reference.examples()
OUTPUTS = reference.outputs()


def test_every_operation_has_an_example_and_its_output() -> None:
    assert EXAMPLES.keys() == contract().keys()
    assert OUTPUTS.keys() == contract().keys()


def test_examples_call_their_operations() -> None:
    strangers = [name for (api, name), example in EXAMPLES.items() if f"{api}.{name}(" not in example["code"]]
    assert strangers == []


@pytest.mark.parametrize(("name", "example"), EXAMPLES.items(), ids=map(".".join, EXAMPLES))
def test_an_example_prints_what_is_written_down(name: tuple[str, str], example: dict[str, Any]) -> None:
    with reference.workplace() as folder:
        found = reference.run(example, folder)
    hint = "python tests/reference.py --write renews it"
    assert reference.constant(found) == reference.constant(OUTPUTS[name]), hint
