"""The client, which this package needs: another package has its name, and its folder."""

from __future__ import annotations

_REMEDY = 'pip uninstall muxi muxi-client, then pip install "muxi-client[local]"'


def check_client() -> None:
    """Check that `muxi` is that of muxi-client.

    Warns where the package ``muxi`` has taken its place, since whatever imports this package fails later, with words
    that do not tell why.

    Raises:
        ModuleNotFoundError: There is no such package.
    """
    try:
        # It refuses subinterpreters, for its own compiled module and for that of this package.
        import muxi
    except ModuleNotFoundError as error:
        if error.name != "muxi":
            raise
        raise ModuleNotFoundError(f"muxi-local needs muxi-client: {_REMEDY}", name="muxi") from None
    if not hasattr(muxi, "_muxi"):
        import warnings

        warnings.warn(f"the package muxi has replaced files of muxi-client: {_REMEDY}", stacklevel=3)
