// What tests use of release.mjs.

/** Writes FILE.sig beside the file, with a private Ed25519 key in PEM. */
export function signFile(file: string, keyFile: string): void;
