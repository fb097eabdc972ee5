// Makes a component: node build.mjs TOOLS NAME OUTPUT, where TOOLS is a folder whose node_modules has jco. NAME is one of the fixtures: NAME.wat,
// a component or a core module as text, or NAME, a folder of Go. A core module has its world in NAME.wit.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [tools, name, output] = process.argv.slice(2);
const scope = path.join(tools, 'node_modules/@bytecodealliance');
const { parse, componentEmbed, componentNew } = await import(
  pathToFileURL(path.join(scope, 'jco-transpile/dist/wasm-tools.js')).href
);
const fixture = path.join(import.meta.dirname, 'fixtures', name);
const adapters = [];

async function coreModule() {
  if (existsSync(`${fixture}.wat`)) return parse(await readFile(`${fixture}.wat`, 'utf8'));
  const module = `${output}.core`;
  const env = { ...process.env, GOOS: 'wasip1', GOARCH: 'wasm' };
  execFileSync('go', ['build', '-buildmode=c-shared', '-ldflags=-s -w', '-o', module, '.'], {
    cwd: fixture,
    env,
  });
  adapters.push([
    'wasi_snapshot_preview1',
    await readFile(path.join(scope, 'jco/lib/wasi_snapshot_preview1.reactor.wasm')),
  ]);
  const binary = await readFile(module);
  await rm(module);
  return binary;
}

const binary = await coreModule();
if (existsSync(`${fixture}.wit`)) {
  const embedded = await componentEmbed({ binary, witSource: await readFile(`${fixture}.wit`, 'utf8') });
  await writeFile(output, await componentNew(embedded, adapters));
} else {
  await writeFile(output, binary);
}
