// Why a connection failed or a message was refused, as a short sentence for people. Only turns codes into
// words: MQTT reason codes (MQTT 5 section 2.4, MQTT 3.1.1 table 3.1), TLS and socket errors as Node names them.

/** CONNACK, DISCONNECT and PUBACK reasons; 1 to 5 are return codes of MQTT 3.1.1. */
const reasons: Readonly<Record<number, string>> = {
  1: 'the broker does not speak this version of MQTT',
  2: 'the broker refuses the client id',
  3: 'the broker says that it is unavailable',
  4: 'the broker refuses the user name or password',
  5: 'the broker does not authorise this client',
  128: 'the broker gives no reason',
  129: 'the broker found a malformed packet',
  130: 'the broker found a protocol error',
  131: 'the broker refuses for a reason of its own',
  132: 'the broker does not speak this version of MQTT',
  133: 'the broker refuses the client id',
  134: 'the broker refuses the user name or password',
  135: 'the broker does not authorise this',
  136: 'the broker says that it is unavailable',
  137: 'the broker is busy',
  138: 'the broker has banned this client',
  139: 'the broker is shutting down',
  140: 'the broker wants another way of authentication',
  141: 'the broker heard nothing for too long',
  142: 'another client took over with the same client id',
  144: 'the broker refuses the topic name',
  147: 'the broker says too many messages were in flight',
  149: 'the message is larger than the broker takes',
  150: 'the broker says the messages come too fast',
  151: 'the quota at the broker is used up',
  152: 'the broker ended the connection by administration',
  153: 'the broker refuses the payload format',
  154: 'the broker takes no retained messages',
  155: 'the broker does not take QoS 1',
  156: 'the broker says to use another server',
  157: 'the broker has moved to another server',
  159: 'the broker says the connections come too fast',
};

export function explainReason(reason: number): string {
  return reasons[reason] ?? `reason code ${reason} from the broker`;
}

const faults: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was reset',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up now (DNS)',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'no answer from the host',
  DEPTH_ZERO_SELF_SIGNED_CERT: "the broker's certificate is self-signed; put it into mqtt.ca",
  SELF_SIGNED_CERT_IN_CHAIN:
    "the broker's certificate is signed by an unknown authority; put that into mqtt.ca",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "the broker's certificate is signed by an unknown authority; put that into mqtt.ca",
  UNABLE_TO_GET_ISSUER_CERT:
    "the broker's certificate is signed by an unknown authority; put that into mqtt.ca",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "the broker's certificate is signed by an unknown authority; put that into mqtt.ca",
  CERT_SIGNATURE_FAILURE: "the broker's certificate is not signed by mqtt.ca",
  CERT_HAS_EXPIRED: "the broker's certificate has expired, or the gateway's clock is wrong",
  CERT_NOT_YET_VALID: "the broker's certificate is not yet valid, or the gateway's clock is wrong",
  CERT_REVOKED: "the broker's certificate is revoked",
  ERR_TLS_CERT_ALTNAME_INVALID: "the broker's certificate is for another host name",
  ERR_SSL_WRONG_VERSION_NUMBER: 'no TLS is spoken there; is it the port for mqtt://?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'no TLS is spoken there; is it the port for mqtt://?',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    'the broker demands a client certificate; set mqtt.cert and mqtt.key',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE:
    'the broker broke off the TLS handshake; does it demand a client certificate?',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'the broker does not know the authority of our client certificate',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'the broker says our client certificate has expired',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: 'the broker says our client certificate is revoked',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'the broker does not take our client certificate',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: 'the broker does not take our client certificate',
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'mqtt.cert and mqtt.key do not belong together',
  ERR_OSSL_PEM_NO_START_LINE: 'mqtt.ca, mqtt.cert or mqtt.key is not PEM text',
};

/** The code of an error of mqtt.js (a number) or of Node (a word), if it has one. */
export function codeOf(fault: unknown): number | string | undefined {
  const code = fault !== null && typeof fault === 'object' && 'code' in fault ? fault.code : undefined;
  return typeof code === 'number' || typeof code === 'string' ? code : undefined;
}

/** A fault of a connection in a few words; says what to do where there is one thing to do. */
export function explainFault(fault: unknown): string {
  const code = codeOf(fault);
  if (typeof code === 'number') return explainReason(code);
  if (code !== undefined && faults[code] !== undefined) return faults[code];
  const message = fault instanceof Error ? fault.message : String(fault);
  const words = message.replace(/\s+/g, ' ').slice(0, 200);
  return code === undefined ? words : `${words} (${code})`;
}
