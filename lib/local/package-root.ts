import { existsSync } from 'node:fs';
import path from 'node:path';
import { KasmError } from '../base/errors';

/** The folder of the kasmcloud package, from wherever this code runs: its sources, `dist/`, or a bundle under test. */
export function packageRoot(from: string = __dirname): string {
  for (let dir = from; ; dir = path.dirname(dir)) {
    if (existsSync(path.join(dir, 'package.json')) && existsSync(path.join(dir, 'crds'))) return dir;
    if (dir === path.dirname(dir)) {
      throw new KasmError(
        `No kasmcloud package is around ${from}`,
        'Run the command from the installed package: it needs its crds/ and lib/local/tools/ folders.',
      );
    }
  }
}
