// Files between the page and the daemon: pictures that go up, reports that come down. A transfer that fails throws an
// ApiFailure with a sentence for people, as every request does. Knows no view.

import { type ApiError, csrfHeader, type Session } from '../api.ts';
import { ApiFailure, address, get, ifMatch, sessionEnded } from './api.ts';
import { language } from './preferences.ts';
import { session } from './session.ts';
import { t } from './words/index.ts';

/** A month's report takes its time on a small machine, and waits for others that are being made. */
const timeLimitMs = 120_000;

/** What the daemon has to make first, such as a report: with the time that this takes. */
export async function made<T>(path: string): Promise<T> {
  return (await (await sent(path, { method: 'GET' })).json()) as T;
}

/** Sends a file as it is and gives the answer; `etag`: only in the place of what had it. */
export async function upload<T>(path: string, file: Blob, type: string, etag?: string): Promise<T> {
  const headers = { 'content-type': type, ...ifMatch(etag) };
  const response = await sent(path, { method: 'PUT', body: file, headers });
  return (await response.json()) as T;
}

export async function remove(path: string): Promise<void> {
  await sent(path, { method: 'DELETE' });
}

/** Fetches a file and hands it to the browser to be kept; gives its name. */
export async function download(path: string, usualName: string): Promise<string> {
  const response = await sent(path, { method: 'GET' });
  const name = nameIn(response.headers.get('content-disposition')) ?? usualName;
  const url = URL.createObjectURL(await response.blob());
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = name;
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  // (Safari reads it a moment later)
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return name;
}

function nameIn(disposition: string | null): string | undefined {
  const match = /filename\*=UTF-8''([^;]+)|filename="([^"]+)"/i.exec(disposition ?? '');
  try {
    return match?.[1] === undefined ? match?.[2] : decodeURIComponent(match[1]);
  } catch {
    return undefined;
  }
}

async function sent(path: string, init: RequestInit, again = false): Promise<Response> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timeLimitMs);
  let response: Response;
  try {
    response = await fetch(address(path), {
      ...init,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: limit.signal,
      headers: {
        'accept-language': language.value,
        ...(init.method === 'GET' ? {} : { [csrfHeader]: session.value?.csrf ?? '' }),
        ...init.headers,
      },
    });
  } catch {
    throw new ApiFailure(0, 'unreachable', t('failure.unreachable'));
  } finally {
    clearTimeout(timer);
  }
  if (response.ok) return response;
  if (response.status === 401) sessionEnded();
  const { code = `http${response.status}`, message = t('failure.http', { status: response.status }) } =
    (await response.json().catch(() => ({}))) as Partial<ApiError>;
  if (code === 'wrongToken' && !again) {
    // (the gateway was started anew, or somebody logged in)
    session.value = await get<Session>('/session');
    return sent(path, init, true);
  }
  throw new ApiFailure(response.status, code, message);
}
