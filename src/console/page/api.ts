// How the page asks the daemon: requests with the session's token, and commands in the name of whoever is here. A
// request that fails throws an ApiFailure with a sentence for people. Knows no view.

import { type ApiError, apiBase, csrfHeader, type Reply, type Session } from '../api.ts';
import { language, personName, rememberName } from './preferences.ts';
import { go, route } from './router.ts';
import { session } from './session.ts';
import { nameOf, t } from './words/index.ts';

const timeLimitMs = 15_000;

/** `status` 0: the daemon could not be reached at all. */
export class ApiFailure extends Error {
  readonly status: number;
  readonly code: string;
  /** where the daemon says when to try again, ms */
  readonly retryAfterMs: number | undefined;
  constructor(status: number, code: string, message: string, retryAfterMs?: number) {
    super(message);
    this.name = 'ApiFailure';
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Address of something under the API, for links and pictures. */
export function address(path: string): string {
  return `${apiBase}${path}`;
}

export async function get<T>(path: string): Promise<T> {
  return (await asked('GET', path)) as T;
}

export async function post<T>(path: string, body: unknown = {}): Promise<T> {
  return (await asked('POST', path, body)) as T;
}

/** `etag`: only in the place of what had it; else it throws with the status 412. */
export async function put<T>(path: string, body: unknown, etag?: string): Promise<T> {
  return (await asked('PUT', path, body, etag)) as T;
}

/** Who is asked for, where nobody is logged in: set by the dialog that asks for the name. */
let askName: (() => Promise<string | undefined>) | undefined;
export function askNameBy(ask: () => Promise<string | undefined>): void {
  askName = ask;
}

/** The name that stands behind what is done here; undefined: the person would not say. */
export async function whoIsHere(): Promise<string | undefined> {
  if (session.value?.user) return nameOf(session.value.user.name);
  if (personName.value !== '') return personName.value;
  const name = (await askName?.())?.trim();
  if (name) rememberName(name);
  return name || undefined;
}

/**
 * Runs a command and gives the daemon's reply, also where that is a refusal (`ok: false`, with the reason in words).
 * Throws where there is no reply. Fields that are undefined or empty are left out.
 */
export async function command(verb: string, fields: Readonly<Record<string, unknown>> = {}): Promise<Reply> {
  const by = await whoIsHere();
  if (by === undefined) return { id: newId(), ok: false, code: 'cancelled', message: t('name.needed') };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== '');
  const asking = { ...Object.fromEntries(given), verb, by };
  const key = JSON.stringify(asking);
  const before = unanswered.get(key);
  const id = before !== undefined && Date.now() - before.atMs < unansweredMs ? before.id : newId();
  unanswered.delete(key);
  const send = async (): Promise<Reply> =>
    (await asked('POST', '/command', { ...asking, id, language: language.value })) as Reply;
  try {
    return await send().catch((error) => {
      // An answer that was lost on the way: the same id again gets the same reply and does nothing twice.
      if (isUnanswered(error)) return send();
      throw error;
    });
  } catch (error) {
    if (isUnanswered(error)) unanswered.set(key, { id, atMs: Date.now() });
    throw error;
  }
}

/** Commands of which nobody knows whether they were done: a person who presses again means the same one. */
const unanswered = new Map<string, { readonly id: string; readonly atMs: number }>();
const unansweredMs = 120_000;

function isUnanswered(error: unknown): boolean {
  return error instanceof ApiFailure && error.status === 0;
}

/** The panic key: needs no name and no login. */
export function panic(plan: string, zone?: string): Promise<Reply> {
  const by = session.value?.user ? nameOf(session.value.user.name) : personName.value || t('panic.somebody');
  return asked('POST', '/command', {
    id: newId(),
    verb: 'raise',
    plan,
    by,
    language: language.value,
    ...(zone ? { zone } : {}),
  }) as Promise<Reply>;
}

function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `page-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

async function asked(
  method: string,
  path: string,
  body?: unknown,
  etag?: string,
  again = false,
): Promise<unknown> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timeLimitMs);
  let response: Response;
  let text: string;
  try {
    response = await fetch(address(path), {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: limit.signal,
      headers: {
        accept: 'application/json',
        'accept-language': language.value,
        ...(method === 'GET' ? {} : { [csrfHeader]: session.value?.csrf ?? '' }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...ifMatch(etag),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    text = await response.text();
  } catch {
    throw new ApiFailure(0, 'unreachable', t('failure.unreachable'));
  } finally {
    clearTimeout(timer);
  }
  const answer = parsed(text);
  if (response.ok) return answer;
  // A command that is refused is answered, not failed.
  if (isReply(answer)) return answer;
  const { code = `http${response.status}`, message } = (answer ?? {}) as Partial<ApiError>;
  if (code === 'wrongToken' && !again) {
    session.value = (await asked('GET', '/session')) as Session;
    return asked(method, path, body, etag, true);
  }
  if (response.status === 401 && path !== '/login') sessionEnded();
  const seconds = Number(response.headers.get('retry-after'));
  throw new ApiFailure(
    response.status,
    code,
    failureWords(code) ?? message ?? t('failure.http', { status: response.status }),
    seconds > 0 ? seconds * 1000 : undefined,
  );
}

/** The header by which a change is made to this state alone. */
export function ifMatch(etag: string | undefined): Readonly<Record<string, string>> {
  return etag === undefined ? {} : { 'if-match': `"${etag}"` };
}

/** The page's own words for what the daemon says with a code; else its message stands, in the page's language too. */
function failureWords(code: string): string | undefined {
  switch (code) {
    case 'loginNeeded':
    case 'notAllowed':
    case 'tooMany':
    case 'internal':
    case 'wrongHost':
    case 'wrongOrigin':
    case 'wrongToken':
      return t(`failure.${code}`);
    default:
      return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isReply(answer: unknown): answer is Reply {
  return typeof answer === 'object' && answer !== null && 'ok' in answer && 'code' in answer;
}

/** Back to the login, and from there to where one was. */
export function sessionEnded(): void {
  const { name, path } = route.value;
  if (name === 'login') return;
  go(`login?back=${encodeURIComponent(path)}`, 'replace');
}

/** The sentence of whatever was thrown, for people. */
export function failureText(error: unknown): string {
  return error instanceof ApiFailure ? error.message : t('failure.page');
}
