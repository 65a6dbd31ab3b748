"""Whether a running server has a version: a push ends when it answers, not when files are there."""

from __future__ import annotations

from tfline.serving.client import Client
from tfline.serving.errors import ServingError, UnreachableError
from tfline.transforms.errors import PushError

_TIMEOUT_SECONDS = 60.0


def wait_until_available(
    server: str, model: str, number: int, timeout: float = _TIMEOUT_SECONDS
) -> None:
    """Blocks until a server reports a version as AVAILABLE.

    Args:
        server: ``host:port`` of its gRPC.
        model: The name of the model.
        number: The version.
        timeout: Seconds to wait.

    Raises:
        PushError: There is no server, it cannot load the version, or does not in time.
    """
    try:
        with Client(server, model, version=number) as client:
            client.wait_until_available(timeout, running=True)
    except UnreachableError as exc:
        raise PushError(
            f"Version {number} is pushed, but {exc.message[:1].lower()}{exc.message[1:]}",
            server,
            "Start the server there, or mend `push.server`; the version waits in the folder.",
        ) from exc
    except ServingError as exc:
        raise PushError(
            f"Version {number} is pushed, but not served: {exc.message}",
            exc.where or server,
            "Look at the server's log; `tfline rollback` brings the version before it back.",
        ) from exc
