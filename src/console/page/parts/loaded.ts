// Something fetched for a view: what came, why it did not, and how to fetch it again. Fetched anew when `key` changes.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { failureText } from '../api.ts';

export interface Loaded<T> {
  readonly data?: T;
  /** a sentence for people */
  readonly failure?: string;
  readonly again: () => Promise<void>;
}

/** `fetch` is called with each new `key`; what was there stays until the new is there. */
export function useLoaded<T>(fetch: () => Promise<T>, key: string | number): Loaded<T> {
  const [state, setState] = useState<{ data?: T; failure?: string; key?: string | number }>({});
  const latest = useRef(0);
  const again = useCallback(async () => {
    const turn = ++latest.current;
    try {
      const data = await fetch();
      if (turn === latest.current) setState({ data, key });
    } catch (error) {
      if (turn === latest.current) setState((before) => ({ ...before, failure: failureText(error) }));
    }
  }, [key]);
  useEffect(() => {
    void again();
    return () => {
      latest.current++;
    };
  }, [again]);
  return {
    ...(state.data !== undefined && { data: state.data }),
    ...(state.failure !== undefined && { failure: state.failure }),
    again,
  };
}
