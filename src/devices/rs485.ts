// Asks the kernel to switch an RS-485 port's direction by its RTS line (TIOCSRS485), for adapters that don't do it
// by themselves. Node can't make that call; perl can, is part of every Debian (perl-base), and is run once at
// opening, on the very descriptor that is open. Knows no protocol.

import { spawn } from 'node:child_process';

// <linux/serial.h>: struct serial_rs485 is eight 32-bit words, the first its flags: enabled 1, RTS high to send 2.
// <asm-generic/ioctls.h>: TIOCSRS485 is 0x542F, TIOCGRS485 is 0x542E. Asked again, because a driver may take less.
const request = String.raw`
open(my $port, "+<&=", 3) or die "$!\n";
my $wanted = pack("L8", 3, 0, 0, 0, 0, 0, 0, 0);
ioctl($port, 0x542F, $wanted) or die "$!\n";
my $taken = "\0" x 32;
ioctl($port, 0x542E, $taken) or die "$!\n";
(unpack("L", $taken) & 1) or die "the port's driver did not take it\n";
`;

const withinMs = 5000;

/** @param descriptor of the open port. Rejects with an Error whose message is fit for people. */
export function switchDirectionByKernel(descriptor: number, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('perl', ['-e', request], {
      stdio: ['ignore', 'ignore', 'pipe', descriptor],
      timeout: withinMs,
    });
    let said = '';
    child.stderr?.on('data', (text: Buffer) => {
      said += text.toString('utf8');
    });
    const fail = (why: string): void =>
      reject(
        new Error(
          `${path} can't switch an RS-485 line's direction by the kernel: ${why}; leave \`rs485\` out if the adapter does it by itself`,
        ),
      );
    child.once('error', (error: NodeJS.ErrnoException) =>
      fail(error.code === 'ENOENT' ? 'perl is missing (package perl-base)' : error.message),
    );
    child.once('close', (code) => {
      if (code === 0) resolve();
      else fail(said.trim() || 'the call did not come back');
    });
  });
}
