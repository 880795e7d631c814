// The screen of a duty room: full, and awake for as long as the wall is shown. Both only where the browser has it.

import { signal } from '@preact/signals';

export const canBeFull = typeof document.documentElement.requestFullscreen === 'function';
export const isFull = signal(document.fullscreenElement !== null);

document.addEventListener('fullscreenchange', () => {
  isFull.value = document.fullscreenElement !== null;
});

export async function toggleFull(): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen({ navigationUI: 'hide' });
}

/** Keeps the screen from going dark; gives back how to end that. A browser takes it away when the page is hidden. */
export function keepAwake(): () => void {
  let lock: { release(): Promise<void> } | undefined;
  let over = false;
  const ask = async (): Promise<void> => {
    if (over || document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
    try {
      lock = await navigator.wakeLock.request('screen');
      if (over) void lock.release();
    } catch {
      // (battery low, or not allowed here: the screen then does as the device wants)
    }
  };
  void ask();
  document.addEventListener('visibilitychange', ask);
  return () => {
    over = true;
    document.removeEventListener('visibilitychange', ask);
    void lock?.release().catch(() => {});
  };
}
