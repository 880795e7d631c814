// `keepwatch settings`: what the console shows of a site file, as JSON: its text without secrets, what `check` says of it,
// and how it differs from the text in force, which comes on standard input. Asked by the daemon, so that its own loop
// never waits for a file to be checked.

import { readFileSync } from 'node:fs';
import { type Define, printJson, UsageFault, withConfig } from './verb.ts';
import { siteFile } from './where.ts';

const mostInputBytes = 2_000_000;

export const define: Define = (command, act) => {
  withConfig(command).action(act(settings));
};

async function settings(options: { readonly config?: string }): Promise<number> {
  const file = siteFile(options.config);
  if (file === undefined) throw new UsageFault('name a site file with -c FILE');
  const [{ drivers }, { faultsFirst, loadConfig, formatFault }, { blanked }, { differences }] =
    await Promise.all([
      import('../app.ts'),
      import('../config/load.ts'),
      import('../settings-text.ts'),
      import('../settings-changes.ts'),
    ]);
  const { config, faults } = loadConfig(file, { drivers });
  const findings = new Map(
    faultsFirst([...faults, ...(config?.warnings ?? [])]).map((fault) => [
      formatFault(fault),
      fault.severity,
    ]),
  );
  let text: string;
  try {
    text = blanked(readFileSync(file, 'utf8'));
  } catch (error) {
    text = `# ${error instanceof Error ? error.message : String(error)}\n`;
  }
  const inForce = await input();
  printJson({
    text,
    findings: [...findings].map(([line, severity]) => ({ severity, line })),
    changes: inForce === '' ? [] : differences(blanked(inForce), text),
  });
  return 0;
}

async function input(): Promise<string> {
  if (process.stdin.isTTY) return '';
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of process.stdin) {
    bytes += (piece as Buffer).length;
    if (bytes > mostInputBytes) throw new UsageFault('the text in force is too long');
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces).toString('utf8');
}
