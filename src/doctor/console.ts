// The console where the site has one: its certificate with the dates, and what the network may reach without a login.

import { isLoopback } from '../lib/loopback.ts';
import { judgePem } from './certificates.ts';
import { type Finding, fault, good, type Look, note, type Patient, say } from './types.ts';

export const consolePage: Look = { id: 'console', name: say('网页控制台', 'console'), look: judgeConsole };

export function judgeConsole({
  config,
  machine,
  nowMs,
}: Pick<Patient, 'config' | 'machine' | 'nowMs'>): Finding[] {
  const settings = config?.console;
  if (settings === undefined) return [];
  const { host, port } = settings.listen;
  const findings: Finding[] = [];
  if (settings.cert !== undefined) {
    const pem = machine.read(settings.cert);
    if (pem === undefined) {
      findings.push(
        note(
          'consoleCertUnread',
          say(
            `读不到控制台证书 ${settings.cert}`,
            `the console's certificate ${settings.cert} can't be read`,
          ),
          say('检查路径和权限；用 sudo 再运行一次', 'check path and rights; run this again with sudo'),
        ),
      );
    } else
      findings.push(...judgePem('consoleCert', say('控制台的证书', "the console's certificate"), pem, nowMs));
  }
  if (isLoopback(host))
    return [
      ...findings,
      good(
        'console',
        say(`控制台只在本机：${host}:${port}`, `the console is for this machine alone: ${host}:${port}`),
      ),
    ];
  if (settings.cert === undefined)
    findings.push(
      fault(
        'consolePlain',
        say(
          `控制台对网络开放 ${host}:${port}，没有 TLS`,
          `the console is open to the network on ${host}:${port} without TLS`,
        ),
        say(
          '写 console.cert 和 console.key，或只监听 127.0.0.1',
          'write console.cert and console.key, or listen on 127.0.0.1',
        ),
      ),
    );
  if (settings.users.length === 0)
    findings.push(
      fault(
        'consoleUsers',
        say('控制台没有用户', 'the console has no users'),
        say('keepwatch user add NAME --role operate', 'keepwatch user add NAME --role operate'),
      ),
    );
  return findings;
}
