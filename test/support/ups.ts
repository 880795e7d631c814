// A UPS at the end of a serial line that answers as the test says: requests and replies are bytes that the
// test brings. Also the links that its driver is given. Knows no protocol.

import { type Link, openLink } from '../../src/devices/link.ts';
import type { ByteLink, LinkSettings } from '../../src/driver.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type SerialEnd, serialEnd } from './serial-line.ts';

export interface PtyUps {
  /** of the gateway's end */
  readonly path: string;
  /** every command that came, without its carriage return */
  readonly commands: readonly string[];
  /** what is answered to a command; undefined: nothing */
  reply: (command: string) => Uint8Array | undefined;
  /** sends unasked */
  say(bytes: Uint8Array): void;
  close(): Promise<void>;
}

export async function startPtyUps(reply: PtyUps['reply']): Promise<PtyUps> {
  const commands: string[] = [];
  let pending = '';
  const end: SerialEnd = await serialEnd((bytes) => {
    const whole = (pending + bytes.toString('latin1')).split('\r');
    pending = whole.pop()!;
    for (const command of whole) {
      commands.push(command);
      const answer = ups.reply(command);
      if (answer) end.send(answer);
    }
  });
  const ups: PtyUps = {
    path: end.path,
    commands,
    reply,
    say: (bytes) => end.send(bytes),
    close: () => end.stop(),
  };
  return ups;
}

/** Opens a link as the house does. */
export function open(settings: LinkSettings): Promise<Link> {
  return openLink(settings, { clock: systemClock(), signal: new AbortController().signal, lost: () => {} });
}

export async function until(met: () => boolean, limitMs = 5000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!met()) {
    if (performance.now() > end) throw new Error(`not so within ${limitMs} ms: ${met}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A link made of two functions, for tests that chop the bytes themselves. */
export interface FakeLink extends ByteLink {
  readonly written: Uint8Array[];
  arrive(bytes: Uint8Array): void;
}

export function fakeLink(): FakeLink {
  let listener: (bytes: Uint8Array) => void = () => {};
  const written: Uint8Array[] = [];
  return {
    written,
    write: (bytes) => void written.push(bytes),
    onData: (given) => {
      listener = given;
    },
    arrive: (bytes) => listener(bytes),
  };
}
