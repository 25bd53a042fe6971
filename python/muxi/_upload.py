"""Bundles whose upload is told of."""

from __future__ import annotations

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from typing import BinaryIO

__all__ = ["Upload"]


class Upload:
    """A bundle with a function that is told how far its upload is.

    Every method that takes a bundle takes this as ``payload``. The function is called with the bytes sent and their
    total: with 0 at the beginning of each attempt, then about every 256 KiB, and at the end. A synchronous client calls
    it on the thread of the call, which waits for it; an asynchronous one on the event loop, where a slow loop is told
    of the newest numbers only. An exception in it is logged, and does not end the upload.

    Args:
        bundle: The path of a ``.tar.gz`` file or of a folder, bytes, or a binary file object.
        on_progress: The function.

    Raises:
        TypeError: The function cannot be called, or is an async one.

    Example:
        Deploy with a line that shows the progress::

            from muxi import ServerClient, Upload

            def show(sent: int, total: int) -> None:
                print(f"{sent} of {total} bytes")

            ServerClient().deploy_formation(payload=Upload("my-formation", show))
    """

    __slots__ = ("bundle", "on_progress")

    def __init__(
        self, bundle: str | os.PathLike[str] | bytes | BinaryIO, on_progress: Callable[[int, int], object]
    ) -> None:
        from ._hooks import check_plain

        check_plain("on_progress", on_progress)
        self.bundle: str | os.PathLike[str] | bytes | BinaryIO = bundle
        self.on_progress: Callable[[int, int], object] = on_progress
