import { homedir } from 'node:os';
import path from 'node:path';

/** The folder in which programs are kept that are built once. */
export function toolsDir() {
  return path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'kasmcloud', 'tools');
}
