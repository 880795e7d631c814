// Letters by e-mail, handed to one mail server over SMTP, one connection for each. The server has to prove who it is
// wherever TLS is spoken, and what it says of a recipient decides whether trying again is of use.

import type { EmailConfig } from '../../config/types.ts';
import type { Channel, ChannelHost, Letter, Outcome } from './channel.ts';
import { concealingRecipient } from './conceal.ts';
import { concealing, explain, explainCode, isTrustFault, oneLine } from './faults.ts';

const connectWithinMs = 10_000;
const withinMs = 30_000;
const mostText = 20_000;

type Conceal = (text: string) => string;

export function openEmail(config: EmailConfig, host: ChannelHost): Channel {
  const { username, password = '' } = config;
  const where = `${config.host}:${config.port}`;
  const concealSecrets = concealing([password, Buffer.from(password).toString('base64')]);
  const mailer = import('nodemailer').then(({ createTransport }) =>
    createTransport({
      host: config.host,
      port: config.port,
      secure: config.tls === 'implicit',
      requireTLS: config.tls === 'starttls',
      ignoreTLS: config.tls === 'none',
      ...(username !== undefined && { auth: { user: username, pass: password } }),
      tls: {
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2',
        ...(config.ca !== undefined && { ca: config.ca }),
      },
      connectionTimeout: connectWithinMs,
      greetingTimeout: connectWithinMs,
      dnsTimeout: connectWithinMs,
      socketTimeout: withinMs,
      socketCloseTimeout: 0,
      disableFileAccess: true,
      disableUrlAccess: true,
    }),
  );
  // said when a letter is sent
  mailer.catch(() => {});

  const send = async (letter: Letter, signal: AbortSignal, conceal: Conceal): Promise<Outcome> => {
    const { address } = letter.to;
    if (address === undefined) return { outcome: 'refused', because: 'no e-mail address' };
    const limit = new AbortController();
    const timer = host.clock.after(withinMs, () => limit.abort());
    try {
      const transport = await mailer;
      const { response } = await transport.sendMail({
        from: config.from,
        to: { name: letter.to.name, address },
        subject: letter.title,
        text: `${letter.title}\n\n${letter.text.slice(0, mostText)}\n`,
        messageId: `<${letter.key}@${domainOf(config)}>`,
        date: new Date(host.clock.wallMs()),
        priority: letter.level === 'urgent' && letter.kind !== 'closed' ? 'high' : 'normal',
        // no out-of-office answers, please
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Keepwatch-Premises': letter.premises },
        signal: AbortSignal.any([signal, limit.signal]),
      });
      return { outcome: 'delivered', because: oneLine(`${where}: ${conceal(response)}`) };
    } catch (fault) {
      if (signal.aborted) return { outcome: 'retry', because: 'stopped', whole: true };
      if (limit.signal.aborted)
        return { outcome: 'retry', because: `not done within ${withinMs / 1000} s`, whole: true };
      return judge(fault, conceal);
    } finally {
      timer.cancel();
    }
  };

  return {
    async send(letter, signal) {
      const concealPerson = concealingRecipient(letter.to);
      const conceal: Conceal = (text) => concealPerson(concealSecrets(text));
      const outcome = await send(letter, signal, conceal);
      if (outcome.outcome === 'delivered') return outcome;
      return { ...outcome, because: concealSecrets(`${where}: ${outcome.because}`) };
    },
    async close() {
      await mailer.then(
        (transport) => transport.close(),
        () => {},
      );
    },
  };
}

function domainOf({ from, host }: EmailConfig): string {
  const found = /@([A-Za-z0-9.-]+)>?\s*$/.exec(from)?.[1];
  return found ?? host.replace(/[^A-Za-z0-9.-]/g, '-');
}

/** What an error of the mailer means: codes and reply codes as its documentation lists them. */
function judge(fault: unknown, conceal: Conceal): Outcome {
  const {
    code,
    responseCode = 0,
    command = '',
    response,
  } = (fault ?? {}) as {
    code?: string;
    responseCode?: number;
    command?: string;
    response?: string;
  };
  // before it is cut: half an address is one too
  const said = response === undefined ? explain(fault, conceal) : oneLine(conceal(response));
  if (code === 'EAUTH') {
    // (a 4xx: the server can not look the password up now)
    if (responseCode >= 400 && responseCode < 500) return { outcome: 'retry', because: said, whole: true };
    return { outcome: 'refused', because: `it refuses user name and password: ${said}`, whole: true };
  }
  if (isTrustFault(fault)) return { outcome: 'refused', because: explainCode(fault) ?? said, whole: true };
  if (code === 'ETLS') return { outcome: 'refused', because: `no TLS: ${said}`, whole: true };
  const ofRecipient = code === 'EENVELOPE' && !command.startsWith('MAIL');
  if (responseCode >= 500 && ofRecipient)
    return { outcome: 'refused', because: `it refuses the recipient: ${said}` };
  if (responseCode >= 500 && code === 'EENVELOPE')
    return { outcome: 'refused', because: `it refuses the sender: ${said}`, whole: true };
  if (responseCode >= 500 && code === 'EMESSAGE')
    return { outcome: 'refused', because: `it refuses the message: ${said}` };
  // an address that can not be one
  if (code === 'EENVELOPE' && responseCode === 0) return { outcome: 'refused', because: said };
  return { outcome: 'retry', because: said, whole: !ofRecipient };
}
