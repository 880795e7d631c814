// The types of bundle.mjs, which is plain JavaScript because Node runs it before anything is bundled.

export interface Planted {
  readonly path: string;
  readonly find: string;
  readonly replace: string;
}

export function plantIn(text: string, planted: Planted): string;
/** Resolves with the bundled file. */
export function bundle(folder: string, planted?: readonly Planted[]): Promise<string>;
