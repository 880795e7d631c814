// `keepwatch probe`: a technician's look at the lines of a site. Reads every device once, or looks for units
// (`--scan`); shows or keeps the bytes that went over a line. Options only; the work is in probe-read.ts and
// probe-scan.ts. Drives no output and writes to no device.

import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../config/values.ts';
import type { ProbeOptions } from './probe-watch.ts';
import { type Define, UsageFault, withConfig, withExample, withLanguage } from './verb.ts';

const scanOnly = [
  'path',
  'host',
  'port',
  'from',
  'to',
  'bauds',
  'parities',
  'timeout',
  'exhaustive',
] as const;

export const define: Define = (command, act) => {
  const example = [
    'keepwatch probe -c site.yaml line1',
    'keepwatch probe -c site.yaml line1 --for 10m --record field.rec',
    'keepwatch probe --scan --path /dev/ttyUSB0 --bauds 9600,19200 --parities none,even',
  ].join('\n  ');
  withExample(withLanguage(withConfig(command)), example)
    .argument('[bus]', 'only the devices of this bus')
    .option('--json', 'print JSON for machines')
    .option('--trace', 'show every frame on standard error: hex, direction, ms')
    .option('--record <file>', 'keep the bytes of one line in a new file, for the driver `recording`')
    .option('--for <duration>', 'go on reading for this long, such as 10m; default: once', durationOption)
    .option('--scan', 'look for Modbus units and guess what they are; only reads')
    .option('--path <device>', 'scan: a serial port, without a site file')
    .option('--host <address>', 'scan: a Modbus TCP device or gateway, without a site file')
    .option('--port <number>', 'scan: its TCP port', between(1, 65_535))
    .option('--from <unit>', 'scan: first unit', between(0, 255))
    .option('--to <unit>', 'scan: last unit', between(0, 255))
    .option('--bauds <list>', 'scan: baud rates to try, such as 9600,19200', baudsOption)
    .option('--parities <list>', 'scan: parities to try, such as none,even', paritiesOption)
    .option(
      '--timeout <duration>',
      'scan: how long to wait for a unit; default 200ms, 1s on TCP',
      durationOption,
    )
    .option('--exhaustive', 'scan: try all baud rates and parities, also after one that found units')
    .action(act(probe));
};

async function probe(bus: string | undefined, options: ProbeOptions): Promise<number> {
  if (options.scan) {
    if (options.for !== undefined) throw new UsageFault('--for is for reading; a scan ends by itself');
    const { scan } = await import('./probe-scan.ts');
    return scan(bus, options);
  }
  for (const name of scanOnly)
    if (options[name] !== undefined) throw new UsageFault(`--${name} is for --scan; add --scan`);
  const { read } = await import('./probe-read.ts');
  return read(bus, options);
}

function durationOption(text: string): number {
  const ms = parseDuration(text);
  if (!ms) throw new InvalidArgumentError('Write a duration such as 500ms, 3s or 10m.');
  return ms;
}

function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= least && number <= most))
      throw new InvalidArgumentError(`Write a number from ${least} to ${most}.`);
    return number;
  };
}

function baudsOption(text: string): number[] {
  return text.split(',').map(between(300, 4_000_000));
}

function paritiesOption(text: string): ('none' | 'even' | 'odd')[] {
  return text.split(',').map((word) => {
    if (word === 'none' || word === 'even' || word === 'odd') return word;
    throw new InvalidArgumentError('Write none, even, odd, or several with commas.');
  });
}
