// Keys that several serial protocols have, made in one place so that they have one form everywhere; each
// protocol adds its own description. Knows no protocol.

import * as z from 'zod';

/** What of a device a point shows; `what` says which words this protocol has. */
export function readKey(what: string): z.ZodOptional<z.ZodString> {
  return z.string().optional().describe(what);
}

/** A device of the panel as the panel prints it; a bare number in the site file is meant as its text. */
export function panelPointKey(what: string): z.ZodType<string | number | undefined> {
  return z
    .union([z.string().min(1).max(32), z.int().min(0)])
    .optional()
    .describe(what);
}
