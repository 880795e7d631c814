// The list of serial protocols. Adding one is its file and a line here; keys of the same name in two
// protocols must mean the same.

import { lines } from './lines/protocol.ts';
import { megatec } from './megatec/protocol.ts';
import type { Protocol } from './protocol.ts';

export const protocols: readonly Protocol[] = [megatec, lines];
