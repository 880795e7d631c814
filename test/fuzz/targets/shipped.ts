// Files of the package as seeds: what people copy and change is where a fuzzer should begin.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { shippedConfig } from '../../../src/lib/assets.ts';

export function shippedFile(...place: string[]): string {
  return readFileSync(path.join(shippedConfig, ...place), 'utf8');
}
