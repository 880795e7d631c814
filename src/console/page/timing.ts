// Small clocks of the page. Knows nothing of what is waited for.

/** Once what has just been changed was drawn; in the background nothing is drawn, nor waited for. */
export function drawn(): Promise<void> {
  return new Promise((resolve) => {
    if (document.visibilityState === 'hidden') resolve();
    requestAnimationFrame(() => setTimeout(resolve));
    // (it may have gone there just now)
    setTimeout(resolve, 1000);
  });
}

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
