"""Reads two registers with pymodbus and prints the number in them.

Arguments: PORT UNIT TABLE FORMAT ADDRESS. TABLE is holding or input; FORMAT one of the module struct, or
"low first" for a signed number whose low word comes first.
"""

import inspect
import struct
import sys

from pymodbus.client import ModbusTcpClient

port, unit, table, form, address = sys.argv[1:]
client = ModbusTcpClient("127.0.0.1", port=int(port))
if not client.connect():
    sys.exit(f"cannot connect to port {port}")
read = client.read_input_registers if table == "input" else client.read_holding_registers
# The unit id was called slave until pymodbus 3.9.
name = "device_id" if "device_id" in inspect.signature(read).parameters else "slave"
reply = read(int(address), count=2, **{name: int(unit)})
if reply.isError():
    sys.exit(str(reply))
words = reply.registers
if form == "low first":
    words, form = words[::-1], ">i"
print(struct.unpack(form, struct.pack(">HH", *words))[0])
client.close()
