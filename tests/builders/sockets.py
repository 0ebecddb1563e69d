"""What a socket that listens does with its connections."""

import asyncio
import socket


async def sends_at_once(listening: socket.socket) -> bool:
    """Whether a server on it sends at once what it is given (TCP_NODELAY); the socket is closed."""
    accepted: asyncio.Future[socket.socket] = asyncio.get_running_loop().create_future()

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set_result(writer.get_extra_info("socket"))

    async with await asyncio.start_server(accept, sock=listening):
        _, writer = await asyncio.open_connection(*listening.getsockname()[:2])
        served = await accepted
        at_once = bool(served.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()
    return at_once
