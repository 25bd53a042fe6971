"""A MUXI server for tests, in this process: fresh state, answers by a script, faults on request, a clock to move.

It comes with ``pip install "muxi-client[local]"``, and with pytest fixtures: `muxi_local.testing` describes both.
"""

from ._extra import explained

try:
    from muxi_local.testing import (
        ArmedFault,
        Clock,
        FaultParts,
        LocalServer,
        Reply,
        Request,
        Rule,
        Script,
        WebhookAnswer,
        When,
    )
except ModuleNotFoundError as _error:
    raise explained(_error) from None

__all__ = [
    "ArmedFault",
    "Clock",
    "FaultParts",
    "LocalServer",
    "Reply",
    "Request",
    "Rule",
    "Script",
    "WebhookAnswer",
    "When",
]
