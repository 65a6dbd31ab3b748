"""The socket of REST."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tfline.serving.server.rest.http_server import RestOptions, listen


def option_of_connections(option: int, options: RestOptions) -> int:
    """Returns an option of TCP that the connections of a server have."""

    async def found() -> int:
        value: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted_socket = writer.get_extra_info("socket")
            value.set_result(accepted_socket.getsockopt(socket.IPPROTO_TCP, option))
            writer.close()

        listening = listen(options)
        server = await asyncio.start_server(accepted, sock=listening)
        _, writer = await asyncio.open_connection("127.0.0.1", listening.getsockname()[1])
        result = await value
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()
        return result

    return asyncio.run(found())


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """Head and body of an answer are sent apart: without this each takes 40 ms."""
    assert option_of_connections(socket.TCP_NODELAY, RestOptions(port=0)) != 0


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system has it not")
def test_connection_whose_client_does_not_read_ends() -> None:
    """An answer that fits into the system's memory is no more the server's to watch."""
    options = RestOptions(port=0, stall_seconds=1.5)
    assert option_of_connections(socket.TCP_USER_TIMEOUT, options) == 1500
