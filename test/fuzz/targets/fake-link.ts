// A byte link whose far end is the target: what arrives is given by hand, what is written is dropped.

import type { ByteLink } from '../../../src/driver.ts';

export interface FakeLink extends ByteLink {
  give(bytes: Uint8Array): void;
}

export function fakeLink(): FakeLink {
  let listener: (bytes: Uint8Array) => void = () => {};
  return {
    write() {},
    onData(given) {
      listener = given;
    },
    give: (bytes) => listener(bytes),
  };
}
