import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../local/package-root';

/** The version of this package. */
export function packageVersion(): string {
  const text = readFileSync(path.join(packageRoot(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The built command: what background processes are started from, whatever this code runs from. */
export function commandFile(): string {
  return path.join(packageRoot(), 'dist', 'kasmcloud.cjs');
}

/** Which build of this package this is: a rebuilt one replaces what an older one runs in the background. */
export function buildIdentity(): string {
  return `${packageVersion()}+${Math.floor(statSync(commandFile()).mtimeMs).toString(36)}`;
}
