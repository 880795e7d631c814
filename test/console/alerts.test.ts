// The shipped alert rules in a real Prometheus: they and the example configuration are well formed, each fires when it
// should and not before, and with a daemon that watches a device which dies, the alert arrives at a real Alertmanager.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/lib/assets.ts';
import { certificateMaker } from '../support/broker.ts';
import { eventually, newPlace, type Place, siteOf } from '../support/daemon.ts';
import { haveLibmodbus, startSlave } from '../support/modbus/slave.ts';
import { haveTools } from '../support/need.ts';
import { alarmSite, startRelay } from '../system/site.ts';

const examples = path.join(packageRoot, 'config/prometheus');
const rules = 'keepwatch-alerts.yaml';
const able = haveTools(
  ['promtool', '--version'],
  ['prometheus', '--version'],
  ['prometheus-alertmanager', '--version'],
);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-alerts-'));
  copyFileSync(path.join(examples, rules), path.join(folder, rules));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const promtool = (...argv: string[]): string =>
  execFileSync('promtool', argv, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });

describe.skipIf(!able)('as promtool reads them', () => {
  test('rules and the example configuration are well formed', () => {
    expect(promtool('check', 'rules', rules)).toMatch(/SUCCESS: \d\d rules found/);
    const config = 'prometheus.yaml';
    copyFileSync(path.join(examples, config), path.join(folder, config));
    // the files that it names
    writeFileSync(path.join(folder, 'keepwatch-token'), 'x');
    certificateMaker(folder).authority('keepwatch-ca');
    expect(promtool('check', 'config', config)).toMatch(/SUCCESS: prometheus\.yaml is valid/);
  });

  test('each fires when it should, and not before', () => {
    const file = 'alerts.test.yaml';
    copyFileSync(path.join(import.meta.dirname, file), path.join(folder, file));
    expect(promtool('test', 'rules', file)).toContain('SUCCESS');
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

describe.skipIf(!able || !haveLibmodbus())('with a daemon, Prometheus and Alertmanager', () => {
  let place: Place;
  beforeEach(() => {
    place = newPlace();
  });
  afterEach(() => place.leave());

  /** Runs until the place is left; what it says is for the error. */
  function run(command: string, ...argv: string[]): { said(): string } {
    const child: ChildProcess = spawn(command, argv, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    let said = '';
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    place.later(child, () => {
      child.kill('SIGKILL');
      return gone;
    });
    return { said: () => said };
  }

  test('a device that dies is told, and no more when it is back', { timeout: 60_000 }, async () => {
    const token = 'a-token-for-prometheus-alone';
    const slave = await startSlave('tcp');
    place.later(slave, () => slave.stop());
    const relay = await startRelay(slave.port);
    place.later(relay, () => relay.close());
    const { mqtt: _, ...site } = siteOf('mqtt://127.0.0.1:1', alarmSite(relay.port));
    place.write({
      ...site,
      console: { listen: '127.0.0.1:0', withoutLogin: 'none', metricsToken: token },
    });
    const daemon = await place.start();
    const { console: url } = await daemon.said('where it listens', ({ code }) => code === 'STARTED');

    // the shipped rules, but that nothing waits for minutes
    const text = readFileSync(path.join(examples, rules), 'utf8');
    writeFileSync(path.join(folder, rules), text.replaceAll(/^( +for: )\S+$/gm, '$11s'));
    writeFileSync(path.join(folder, 'keepwatch-token'), token);
    const port = await freePort();
    const config = `global: { scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms }
rule_files: [${rules}]
alerting: { alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:${port}"] }] }] }
scrape_configs:
  - job_name: keepwatch
    authorization: { credentials_file: keepwatch-token }
    static_configs: [{ targets: ["${new URL(url).host}"] }]
`;
    writeFileSync(path.join(folder, 'prometheus.yaml'), config);
    writeFileSync(
      path.join(folder, 'alertmanager.yaml'),
      'route: { receiver: nobody, group_wait: 0s }\nreceivers: [{ name: nobody }]\n',
    );
    const manager = run(
      'prometheus-alertmanager',
      ...['--config.file=alertmanager.yaml', '--storage.path=alertmanager', '--cluster.listen-address='],
      `--web.listen-address=127.0.0.1:${port}`,
    );
    const prometheus = run(
      'prometheus',
      ...[
        '--config.file=prometheus.yaml',
        '--storage.tsdb.path=prometheus',
        '--web.listen-address=127.0.0.1:0',
      ],
    );

    const alerts = async (): Promise<string[]> => {
      try {
        const answer = await fetch(`http://127.0.0.1:${port}/api/v2/alerts`);
        const found = (await answer.json()) as { labels: Record<string, string> }[];
        return found.map(({ labels }) => `${labels.alertname} ${labels.device ?? ''}`.trim());
      } catch {
        return ['Alertmanager does not answer'];
      }
    };
    const down = 'KeepwatchDeviceDown inputs';
    try {
      await eventually('Alertmanager answers', alerts, (now) => !now.join().includes('not answer'), 20_000);
      await daemon.said(
        'Prometheus has scraped',
        () => prometheus.said().includes('Server is ready'),
        20_000,
      );
      expect(await alerts()).not.toContain(down);
      await relay.turn('silent');
      await eventually('the alert is there', alerts, (now) => now.includes(down), 20_000);
      expect(await alerts()).not.toContain('KeepwatchGatewayAbsent');
      await relay.turn('pass');
      await eventually('it is over', alerts, (now) => !now.includes(down), 20_000);
    } catch (error) {
      throw new Error(`${String(error)}\n${prometheus.said()}\n${manager.said()}`);
    }
  });
});
