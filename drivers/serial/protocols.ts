// The list of serial protocols. Adding one is its file and a line here; keys of the same name in two
// protocols must have the same form, made in keys.ts.

import { adamAscii } from './adam-ascii/protocol.ts';
import { afp2800 } from './afp-2800/protocol.ts';
import { gst9000 } from './gst9000/protocol.ts';
import { lines } from './lines/protocol.ts';
import { megatec } from './megatec/protocol.ts';
import type { Protocol } from './protocol.ts';
import { voltronic } from './voltronic/protocol.ts';
import { winsen } from './winsen/protocol.ts';

export const protocols: readonly Protocol[] = [
  megatec,
  voltronic,
  winsen,
  adamAscii,
  lines,
  afp2800,
  gst9000,
];
