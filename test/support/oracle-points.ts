// A point of the naive engine: what it last read, what it believes of it, and since when it waits or suffers.

import type { Point, Quality, Raw, Value } from '../../src/core/types.ts';

let orders = 0;

export class NaivePoint {
  readonly point: Point;
  value: Value | null = null;
  quality: Quality = 'stale';
  /** a new meaning that stands out its debounce; `order`: which began first */
  waiting: { raw: Raw; readonly dueMs: number; readonly order: number } | undefined;
  /** without a value: when that is a trouble */
  troubleAtMs: number | undefined;
  #raw: Raw | undefined;
  #readAtMs = 0;
  #heard = false;
  #side: 'above' | 'below' | undefined;

  constructor(point: Point) {
    this.point = point;
  }

  get id(): string {
    return this.point.id;
  }

  get device(): string {
    return this.point.device;
  }

  /** Neither read nor lost since the start: there is nothing to say of it. */
  isUnheard(): boolean {
    return this.quality === 'stale' && !this.#heard;
  }

  /** True, non-zero, or past a limit; undefined while unknown. */
  isActive(): boolean | undefined {
    if (this.value === null) return undefined;
    if (this.point.alarmAbove !== undefined || this.point.alarmBelow !== undefined)
      return this.#side !== undefined;
    return Boolean(this.value);
  }

  /** Gives itself back, in a list, where the reading changed what is believed. */
  read(raw: Raw, nowMs: number): NaivePoint[] {
    this.#readAtMs = nowMs;
    const again = this.#raw !== undefined && Object.is(this.#raw, raw);
    this.#raw = raw;
    if (again) return [];
    if (!this.point.debounceMs) return this.#adopt(raw) ? [this] : [];
    if (this.#isBelieved(raw)) {
      this.waiting = undefined;
    } else if (this.waiting && this.point.type === 'number') {
      this.waiting.raw = raw;
    } else {
      orders += 1;
      this.waiting = { raw, dueMs: nowMs + this.point.debounceMs, order: this.waiting?.order ?? orders };
    }
    return [];
  }

  /** The debounce is over: is something else believed now? */
  settle(nowMs: number): boolean {
    if (!this.waiting || this.waiting.dueMs > nowMs) return false;
    const { raw } = this.waiting;
    this.waiting = undefined;
    return this.#adopt(raw);
  }

  /** No reading for too long: is it stale now? */
  age(nowMs: number): boolean {
    if (this.#staleAtMs() === undefined || this.#staleAtMs()! > nowMs) return false;
    this.#forget();
    return true;
  }

  /** Its link is gone: is it unknown now that was not? */
  lose(): boolean {
    if (this.quality === 'stale') {
      this.waiting = undefined;
      this.#raw = undefined;
      return false;
    }
    this.#forget();
    return true;
  }

  forgetAll(): void {
    this.#forget();
    this.#heard = false;
  }

  deadlines(): number[] {
    return [this.waiting?.dueMs, this.#staleAtMs()].filter((at) => at !== undefined);
  }

  #staleAtMs(): number | undefined {
    if (this.point.staleAfterMs === 0 || this.#raw === undefined) return undefined;
    return this.#readAtMs + this.point.staleAfterMs;
  }

  #forget(): void {
    Object.assign(this, { value: null, quality: 'stale', waiting: undefined });
    this.#raw = undefined;
    this.#heard = true;
  }

  #adopt(raw: Raw): boolean {
    if (this.#isBelieved(raw)) return false;
    const [value, quality] = this.#meaning(raw);
    Object.assign(this, { value, quality });
    this.#heard = true;
    if (typeof value === 'number') this.#takeSide(value);
    return true;
  }

  #isBelieved(raw: Raw): boolean {
    const [value, quality] = this.#meaning(raw);
    return value === this.value && quality === this.quality;
  }

  #meaning(raw: Raw): readonly [Value | null, Quality] {
    const { type, invert, scale = 1, offset = 0, invalid = [], min = -Infinity, max = Infinity } = this.point;
    if (raw === null) return [null, 'bad'];
    if (type === 'bool') return [invert ? raw === false : raw === true, 'good'];
    const number = raw as number;
    if (Number.isNaN(number) || invalid.includes(number)) return [null, 'bad'];
    const value = number * scale + offset;
    return value < min || value > max ? [null, 'bad'] : [value, 'good'];
  }

  #takeSide(value: number): void {
    const { alarmAbove, clearBelow, alarmBelow, clearAbove } = this.point;
    if (alarmAbove !== undefined && value > alarmAbove) this.#side = 'above';
    else if (alarmBelow !== undefined && value < alarmBelow) this.#side = 'below';
    else if (this.#side === 'above' && value <= (clearBelow ?? alarmAbove!)) this.#side = undefined;
    else if (this.#side === 'below' && value >= (clearAbove ?? alarmBelow!)) this.#side = undefined;
  }
}
