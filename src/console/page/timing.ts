// Small clocks of the page. Knows nothing of what is waited for.

export interface Deadline {
  /** It was heard from: count anew. */
  again(): void;
  over(): void;
}

/** Calls `late` once when `again` was not called for so long. */
export function deadline(ms: number, late: () => void): Deadline {
  let timer = setTimeout(late, ms);
  return {
    again() {
      clearTimeout(timer);
      timer = setTimeout(late, ms);
    },
    over: () => clearTimeout(timer),
  };
}
