"""What a Python program would serve: pymodbus' asyncio server, holding registers 0 to 99 of unit 1, of
which register N contains 257 * N. Takes any free port of 127.0.0.1 and prints {"port":N}."""

import asyncio
import json

from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.server import ModbusTcpServer

REGISTERS = 100


async def main() -> None:
    # A sequential block's address 1 is the wire's 0.
    block = ModbusSequentialDataBlock(1, [257 * n for n in range(REGISTERS)])
    context = ModbusServerContext(devices={1: ModbusDeviceContext(hr=block)}, single=False)
    server = ModbusTcpServer(context, address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    port = server.transport.sockets[0].getsockname()[1]
    print(json.dumps({"port": port}), flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
