import { cpSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { cacheDir, cacheKey } from '../local/tool-cache';
import { packageVersion } from './version';

/** Packages that examples import beside this one. */
const peers = ['cdk8s', 'constructs'];

/**
 * A copy of an example outside of `node_modules`, where Node refuses to run TypeScript. It finds this package, and the peers that go
 * with it, through links.
 */
export function unpackExample(packageDir: string, name: string): string {
  const key = cacheKey('kasmcloud', packageVersion(), packageDir);
  const copy = path.join(cacheDir(), '..', 'examples', key, name);
  if (existsSync(copy)) return copy;
  const draft = `${copy}.${process.pid}`;
  const modules = path.join(draft, 'node_modules');
  rmSync(draft, { recursive: true, force: true });
  cpSync(path.join(packageDir, 'examples', name), draft, { recursive: true });
  cpSync(path.join(packageDir, 'examples', 'shared'), path.join(draft, '..', 'shared'), { recursive: true });
  mkdirSync(modules);
  symlinkSync(packageDir, path.join(modules, 'kasmcloud'));
  const { resolve } = createRequire(path.join(packageDir, 'package.json'));
  for (const peer of peers) {
    symlinkSync(path.dirname(resolve(`${peer}/package.json`)), path.join(modules, peer));
  }
  renameSync(draft, copy);
  return copy;
}
