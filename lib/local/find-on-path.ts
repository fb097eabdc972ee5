import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

/** The path of a command as the shell would find it; undefined when there is none. A name with a slash is taken as a path. */
export function findOnPath(command: string): string | undefined {
  const candidates = command.includes(path.sep)
    ? [command]
    : (process.env['PATH'] ?? '')
        .split(path.delimiter)
        .filter((dir) => dir !== '')
        .map((dir) => path.join(dir, command));
  return candidates.find(isExecutable);
}

/** Whether a file exists that this user may run. */
export function isExecutable(file: string): boolean {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return false;
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return false;
    throw error;
  }
}
