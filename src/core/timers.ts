// Deadlines by name in a binary heap, so that the next one is known at once and a thousand cost no scan.
// The names and times live in a plain record that is stored with the state; the heap is made from it again.

export interface Timers {
  /** name → due, steady ms; the durable part */
  readonly due: Record<string, number>;
  /** heap of [due, name]; entries that no longer match `due` are dead and skipped */
  readonly heap: [number, string][];
}

export function makeTimers(due: Record<string, number>): Timers {
  const timers: Timers = { due, heap: [] };
  for (const [name, at] of Object.entries(due)) push(timers.heap, [at, name]);
  return timers;
}

export function setTimer(timers: Timers, name: string, dueMs: number): void {
  timers.due[name] = dueMs;
  push(timers.heap, [dueMs, name]);
  const { length } = timers.heap;
  if (length >= 64 && (length & (length - 1)) === 0) sweep(timers);
}

// A contact that chatters under a long deadline leaves a dead entry each time: they are swept out at 64, 128, ….
function sweep(timers: Timers): void {
  const standing = Object.entries(timers.due);
  if (standing.length * 2 >= timers.heap.length) return;
  timers.heap.length = 0;
  for (const [name, at] of standing) push(timers.heap, [at, name]);
}

export function clearTimer(timers: Timers, name: string): void {
  delete timers.due[name];
}

/** When the next deadline is; undefined when none is set. */
export function nextDue(timers: Timers): number | undefined {
  for (;;) {
    const top = timers.heap[0];
    if (top === undefined) return undefined;
    if (timers.due[top[1]] === top[0]) return top[0];
    pop(timers.heap);
  }
}

/** Takes the earliest deadline that has come by `nowMs`; call until undefined. */
export function takeDue(timers: Timers, nowMs: number): string | undefined {
  const due = nextDue(timers);
  if (due === undefined || due > nowMs) return undefined;
  const name = pop(timers.heap)[1];
  delete timers.due[name];
  return name;
}

// By time, then by name: the order of equal deadlines must not depend on how the heap was built.
function before(a: readonly [number, string], b: readonly [number, string]): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}

function push(heap: [number, string][], entry: [number, string]): void {
  let at = heap.push(entry) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!before(entry, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = entry;
}

function pop(heap: [number, string][]): [number, string] {
  const top = heap[0]!;
  const last = heap.pop()!;
  if (heap.length > 0) {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
  return top;
}

/** Names of all deadlines that have come by `nowMs`, in their order. */
export function allDue({ due }: Timers, nowMs: number): string[] {
  return Object.entries(due)
    .filter(([, at]) => at <= nowMs)
    .sort((one, other) => (before([one[1], one[0]], [other[1], other[0]]) ? -1 : 1))
    .map(([name]) => name);
}
