// The live stream, kept open for as long as the page is: read as server-sent events over `fetch`, because that tells
// why it was refused and lets a dead line be given up, which an EventSource does not. Comes back with growing pauses
// and chance in them, and with the id of the last event, so that what was missed is told. Knows no view.

import { apiBase, type Told } from '../api.ts';
import { deadline } from './timing.ts';

export interface Stream {
  /** Somebody waits for it: try now if it is down. */
  hurry(): void;
  close(): void;
}

const firstPauseMs = 300;
const longestPauseMs = 3000;
/** A line on which nothing comes for so long is given up. */
const silentMs = 4000;

export function openStream(options: {
  /** something came: the line is alive */
  heard(): void;
  told(said: Told): void;
  /** the session is over */
  unauthorised(): void;
}): Stream {
  let over = false;
  let lastId: string | undefined;
  let pauseMs = firstPauseMs;
  let skipPause: (() => void) | undefined;
  let line: AbortController | undefined;

  void (async () => {
    while (!over) {
      const began = Date.now();
      line = new AbortController();
      try {
        await follow(line);
      } catch {
        // (refused, cut or silent: all the same from here)
      }
      line.abort();
      if (over) return;
      if (Date.now() - began > 10_000) pauseMs = firstPauseMs;
      await new Promise<void>((resolve) => {
        skipPause = resolve;
        setTimeout(resolve, pauseMs * (0.5 + Math.random()));
      });
      skipPause = undefined;
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  })();

  async function follow(cut: AbortController): Promise<void> {
    const silence = deadline(silentMs, () => cut.abort());
    try {
      const response = await fetch(`${apiBase}/stream`, {
        signal: cut.signal,
        credentials: 'same-origin',
        cache: 'no-store',
        headers: {
          accept: 'text/event-stream',
          ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
        },
      });
      if (response.status === 401 || response.status === 403) {
        over = true;
        options.unauthorised();
        return;
      }
      if (!response.ok || !response.body) return;
      const reader = response.body.getReader();
      const text = new TextDecoder();
      let rest = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done || over) return;
        silence.again();
        rest += text.decode(value, { stream: true });
        const messages = rest.split('\n\n');
        rest = messages.pop() ?? '';
        for (const message of messages) take(message);
        options.heard();
      }
    } finally {
      silence.over();
    }
  }

  function take(message: string): void {
    let data = '';
    for (const row of message.split('\n')) {
      if (row.startsWith('data:')) data += row.slice(row.startsWith('data: ') ? 6 : 5);
      else if (row.startsWith('id:')) lastId = row.slice(3).trim();
    }
    if (data === '') return;
    const said = JSON.parse(data) as Told;
    if (said.type === 'hello') pauseMs = firstPauseMs;
    options.told(said);
  }

  return {
    hurry: () => skipPause?.(),
    close() {
      over = true;
      line?.abort();
      skipPause?.();
    },
  };
}
