import { stringify } from 'yaml';
import type { CommonOptions } from './main';

/** Prints a result: as JSON or YAML for who asked for it, as text for people. */
export function print({ output }: Pick<CommonOptions, 'output'>, data: unknown, text: string): void {
  const forms: Partial<Record<string, () => string>> = {
    json: () => `${JSON.stringify(data, undefined, 2)}\n`,
    yaml: () => stringify(data, { lineWidth: 0, aliasDuplicateObjects: false }),
  };
  process.stdout.write(forms[output ?? '']?.() ?? text);
}
