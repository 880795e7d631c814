// Bytes as they are written and read one after the other: whole numbers in as few as they need, and doubles. Knows
// nothing of what the numbers mean.

/** Whole numbers up to here can be told apart; nothing larger is written. */
export const largest = Number.MAX_SAFE_INTEGER;

export class ByteWriter {
  #bytes = Buffer.allocUnsafe(4096);
  #length = 0;

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  /** A whole number from 0 to `largest`, seven bits to a byte, the low ones first. */
  whole(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  double(value: number): void {
    this.#room(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(this.#bytes.length * 2);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Throws RangeError where the bytes end too early or a number is none that was ever written. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new RangeError('the bytes end too early');
    return value;
  }

  whole(): number {
    let value = 0;
    let weight = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * weight;
      if (value > largest) throw new RangeError('a number is too large');
      if (byte < 0x80) return value;
      weight *= 0x80;
    }
  }

  double(): number {
    const at = this.#at;
    this.#at += 8;
    return this.#bytes.readDoubleLE(at);
  }

  /** nothing is left */
  done(): boolean {
    return this.#at === this.#bytes.length;
  }
}

/** Whole numbers of both signs as whole numbers from 0 on: 0, -1, 1, -2, … */
export function folded(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

export function unfolded(value: number): number {
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
}
