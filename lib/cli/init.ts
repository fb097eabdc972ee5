import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { KasmError } from '../base/errors';
import { writeAll } from './import';
import { initFiles } from './init-files';
import { packageVersion } from './version';

/** `kasmcloud init`: a new platform repo, with a lattice, its tests and CI. Nothing is fetched and nothing is written over. */
export function init(dir: string): void {
  const folder = path.resolve(dir);
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isDirectory())
    throw new KasmError(`${folder} is no folder`, 'Name a folder that is empty, or not there yet');
  const there = stat === undefined ? [] : readdirSync(folder).filter((name) => name !== '.git');
  if (there.length > 0)
    throw new KasmError(
      `${folder} is not empty: it has ${there.slice(0, 3).join(', ')}`,
      'Name another folder',
    );
  writeAll(folder, initFiles(nameOf(folder), packageVersion()), false);
  const enter = path.relative(process.cwd(), folder);
  process.stdout.write(
    `${enter === '' ? '' : `cd ${enter}\n`}npm install\nnpm test\nnpx kasmcloud up .   # once lattice.ts names an image of yours\n`,
  );
}

/** Name of the package and of the namespace that is the lattice. */
function nameOf(folder: string): string {
  const name = path
    .basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^[^a-z]+|-+$/g, '');
  return name === '' ? 'platform' : name;
}
