import type { CommonOptions } from './main';

/** Prints a result: as JSON for who asked for it, as text for people. */
export function print(options: Pick<CommonOptions, 'json'>, data: unknown, text: string): void {
  process.stdout.write(options.json ? `${JSON.stringify(data, undefined, 2)}\n` : text);
}
