"""The socket of REST."""

from __future__ import annotations

import asyncio
import socket

from tfline.serving.server.rest.http_server import RestOptions, listen


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """Head and body of an answer are sent apart: without this each takes 40 ms."""

    async def option() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted_socket = writer.get_extra_info("socket")
            found.set_result(accepted_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = listen(RestOptions(port=0))
        server = await asyncio.start_server(accepted, sock=listening)
        _, writer = await asyncio.open_connection("127.0.0.1", listening.getsockname()[1])
        value = await found
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()
        return value

    assert asyncio.run(option()) != 0
