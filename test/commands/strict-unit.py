# A Modbus unit behind a pseudo terminal that looks at how its peer has set the line: at the right baud rate and parity
# it answers any read with one cell, at any other it sends bytes that fit nothing, as a wire would. A pty keeps the rate
# and the bit that makes a parity odd, and nothing else of it, so that even can't be told from none.
# Usage: strict-unit.py LINK BAUD none|odd

import os
import pty
import sys
import termios

link, baud, parity = sys.argv[1:4]
master, slave = pty.openpty()
os.symlink(os.ttyname(slave), link)
print("ready", flush=True)


def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0xA001 if value & 1 else 0)
    return value.to_bytes(2, "little")


while True:
    request = os.read(master, 256)
    flags = termios.tcgetattr(slave)
    is_odd = bool(flags[2] & termios.PARODD)
    if flags[5] == getattr(termios, "B" + baud) and is_odd == (parity == "odd") and len(request) >= 8:
        body = request[:2] + (b"\x01\x00" if request[1] in (1, 2) else b"\x02\x00\x00")
        os.write(master, body + crc(body))
    else:
        os.write(master, b"\xf8\xe0\x7f\x1c\x00\xf8")
