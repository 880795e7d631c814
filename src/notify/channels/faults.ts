// Why a server could not be reached, as a short sentence for people, and without the secrets that an address may hold.
// Turns codes of sockets and certificates into words; knows no channel.

const faults: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was reset',
  UND_ERR_SOCKET: 'the connection was closed',
  UND_ERR_CONNECT_TIMEOUT: 'no answer from the host',
  ETIMEDOUT: 'no answer from the host',
  ENOTFOUND: 'the host name is not known',
  EDNS: 'the host name can not be looked up',
  EAI_AGAIN: 'the host name can not be looked up now (DNS)',
  EHOSTUNREACH: 'the host can not be reached',
  ENETUNREACH: 'the network can not be reached',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed, and is not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an authority that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is signed by an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an authority that is not trusted',
  CERT_SIGNATURE_FAILURE: 'its certificate is not signed by the authority that is trusted',
  CERT_HAS_EXPIRED: "its certificate has expired, or the gateway's clock is wrong",
  CERT_NOT_YET_VALID: "its certificate is not yet valid, or the gateway's clock is wrong",
  CERT_REVOKED: 'its certificate is revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'no TLS is spoken there',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'no TLS is spoken there',
};

/** A fault in a few words, its own or those of its cause; undefined where no code is known. */
export function explainCode(fault: unknown): string | undefined {
  let at = fault;
  for (let depth = 0; depth < 4 && at !== null && typeof at === 'object'; depth++) {
    // (the mailer puts a code of its own before that of the socket)
    const { code, originalCode, cause, errors } = at as Readonly<Record<string, unknown>>;
    for (const each of [originalCode, code])
      if (typeof each === 'string' && faults[each] !== undefined) return faults[each];
    // a name with several addresses: the first one's fault stands for all
    at = Array.isArray(errors) ? errors[0] : cause;
  }
  const message = fault instanceof Error ? fault.message : '';
  return Object.entries(faults).find(([code]) => message.includes(code))?.[1];
}

const trust: ReadonlySet<string> = new Set(
  Object.values(faults).filter((words) => /certificate|TLS/.test(words)),
);

/** Is it that the other side could not prove who it is, or speaks no TLS? */
export function isTrustFault(fault: unknown): boolean {
  const words = explainCode(fault);
  return words !== undefined && trust.has(words);
}

/** A fault in a few words, whatever it is; `conceal` strikes out what it must not show. */
export function explain(fault: unknown, conceal = (text: string): string => text): string {
  const known = explainCode(fault);
  if (known !== undefined) return known;
  const cause = fault instanceof Error && fault.cause instanceof Error ? fault.cause : fault;
  return oneLine(conceal(cause instanceof Error ? cause.message : String(cause)));
}

const longestLine = 160;

/** What a server said, fit for a line of ours: no control characters, not endless. */
export function oneLine(text: string): string {
  const clean = text
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .replace(/ +/g, ' ')
    .trim();
  return clean.length <= longestLine ? clean : `${clean.slice(0, longestLine - 1)}…`;
}

const shortestSecret = 6;

/** Strikes these words out of a text, should a server or a library have put them in. */
export function concealing(secrets: readonly string[]): (text: string) => string {
  const words = [...new Set(secrets)]
    .filter((secret) => secret.length >= shortestSecret)
    .sort((one, other) => other.length - one.length);
  return (text) => words.reduce((left, word) => left.replaceAll(word, '***'), text);
}
