// Letters by HTTP: one POST of JSON to one address, whose shape a template gives. Follows no redirects, waits no longer
// than ten seconds, reads no endless answers, and never shows the address beyond its host, because the rest is a key.

import type { WebhookConfig } from '../../config/types.ts';
import { type Answer, judge } from './answer.ts';
import type { Channel, ChannelHost, Letter, Outcome } from './channel.ts';
import { concealingRecipient } from './conceal.ts';
import { concealing, explain, isTrustFault } from './faults.ts';
import { cutBytes, type Escape, fill, harmless, type Values } from './fill.ts';
import { signDingtalk, signFeishu } from './sign.ts';
import { type Template, type Tree, templates } from './templates.ts';

const withinMs = 10_000;
const mostAnswerBytes = 65_536;

export function openWebhook(config: WebhookConfig, host: ChannelHost): Channel {
  const template: Template = templates[config.template];
  const address = new URL(config.url);
  const where = address.host;
  const headers = requestHeaders(config, address);
  const concealSecrets = concealing(secretsOf(config));
  const topic = template.topicInPath ? takeTopic(address) : '';
  // in a body of the site's own a text may stand where it is read as markup
  const guard: Escape =
    config.body === undefined || config.template === 'generic' ? template.escape : 'markup';
  const tree = (config.body as Tree | undefined) ?? template.body;

  const request = (letter: Letter): { url: URL; body: string } => {
    const url = new URL(address);
    const filled = fill(tree, valuesOf(letter, template, guard, topic));
    if (config.secret === undefined || template.sign === undefined)
      return { url, body: JSON.stringify(filled) };
    if (template.sign === 'feishu') {
      const signed = { ...signFeishu(config.secret, host.clock.wallMs()), ...(filled as object) };
      return { url, body: JSON.stringify(signed) };
    }
    for (const [key, value] of Object.entries(signDingtalk(config.secret, host.clock.wallMs())))
      url.searchParams.set(key, value);
    return { url, body: JSON.stringify(filled) };
  };

  const send = async (letter: Letter, signal: AbortSignal): Promise<Outcome> => {
    const concealPerson = concealingRecipient(letter.to);
    const conceal = (text: string): string => concealPerson(concealSecrets(text));
    const limit = new AbortController();
    const timer = host.clock.after(withinMs, () => limit.abort());
    const stop = (): void => limit.abort();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      const { url, body } = request(letter);
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body,
        redirect: 'manual',
        signal: limit.signal,
      });
      const answer = await readAnswer(response, template, address);
      return judge(answer, template, host.clock.wallMs(), conceal);
    } catch (fault) {
      // a certificate does not mend within minutes: the next channel is the better way
      if (isTrustFault(fault)) return { outcome: 'refused', because: explain(fault, conceal), whole: true };
      const because = limit.signal.aborted
        ? signal.aborted
          ? 'stopped'
          : `no answer within ${withinMs / 1000} s`
        : explain(fault, conceal);
      return { outcome: 'retry', because, whole: true };
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', stop);
    }
  };

  return {
    ...(template.pace !== undefined && { pace: template.pace }),
    async send(letter, signal) {
      const outcome = await send(letter, signal);
      if (outcome.outcome === 'delivered') return outcome;
      return { ...outcome, because: concealSecrets(`${where}: ${outcome.because}`) };
    },
    async close() {},
  };
}

function requestHeaders(config: WebhookConfig, address: URL): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'keepwatch',
  };
  // fetch takes no address with a password in it
  if (address.username !== '' || address.password !== '') {
    const both = `${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`;
    headers.authorization = `Basic ${Buffer.from(both).toString('base64')}`;
    address.username = '';
    address.password = '';
  }
  for (const [key, value] of Object.entries(config.headers)) headers[key.toLowerCase()] = value;
  return headers;
}

/** Whatever of the configuration a server or a library might repeat. */
function secretsOf({ url, headers, secret }: WebhookConfig): string[] {
  const { pathname, search, searchParams, username, password } = new URL(url);
  return [
    url,
    search,
    ...pathname.split('/'),
    ...searchParams.values(),
    decodeURIComponent(username),
    decodeURIComponent(password),
    ...Object.values(headers),
    ...(secret === undefined ? [] : [secret]),
  ];
}

/** ntfy takes JSON at its root, with the topic in it. */
function takeTopic(address: URL): string {
  const parts = address.pathname.split('/').filter((part) => part !== '');
  const topic = parts.pop() ?? '';
  address.pathname = `/${parts.join('/')}`;
  return decodeURIComponent(topic);
}

const priorities = { urgent: 5, major: 4, general: 3 } as const;

function valuesOf(letter: Letter, template: Template, guard: Escape, topic: string): Values {
  const { to } = letter;
  const [first] = letter.incidents;
  const title = harmless(letter.title, guard);
  const { address = '' } = to;
  // a name that a messenger knows, or the phone number by which it knows the person
  const byPhone = address === '' ? (to.phone ?? '') : /^\+?[\d ()-]{6,}$/.test(address) ? address : '';
  const user = byPhone === '' ? address : '';
  const tag = user.replace(/["<>]/g, '');
  return {
    id: letter.id,
    key: letter.key,
    premises: letter.premises,
    kind: letter.kind,
    level: letter.level,
    category: letter.category,
    drill: letter.drill,
    priority: letter.kind === 'closed' ? 3 : priorities[letter.level],
    title,
    text: cutBytes(harmless(letter.text, guard), Math.max(100, template.mostBytes - bytes(title) - 1)),
    short: harmless(letter.short, guard),
    person: to.id,
    name: to.name,
    language: to.language,
    address,
    user,
    mobile: byPhone.replace(/[^\d]/g, '').replace(/^(?:00)?86(?=1\d{10}$)/, ''),
    mention: user === '' ? '' : `<at user_id="${tag}">${harmless(to.name, 'tags')}</at> `,
    topic: address === '' ? topic : address,
    phone: to.phone ?? '',
    email: to.email ?? '',
    incident: first?.id ?? '',
    plan: first?.plan ?? '',
    zone: first?.zone ?? '',
    openedAt: first?.openedAt ?? '',
    incidents: letter.incidents as unknown as Tree,
  };
}

function bytes(text: string): number {
  return Buffer.byteLength(text);
}

async function readAnswer(response: Response, template: Template, from: URL): Promise<Answer> {
  const { status } = response;
  const location = response.headers.get('location');
  let body: string | undefined;
  // where only the status counts, an answer that never ends holds nothing up
  if (template.answer === undefined) void response.body?.cancel().catch(() => {});
  else body = await readBounded(response);
  return {
    status,
    ...(body !== undefined && { body }),
    retryAfter: response.headers.get('retry-after'),
    ...(location !== null && URL.canParse(location, from.href) && { location: new URL(location, from).host }),
  };
}

/** undefined where it is longer than any answer of a robot. */
async function readBounded(response: Response): Promise<string | undefined> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks).toString('utf8');
    size += value.length;
    if (size > mostAnswerBytes) {
      void reader.cancel().catch(() => {});
      return undefined;
    }
    chunks.push(value);
  }
}
