// Builds one fixture into a component: node build-component.mjs TOOLS SOURCE OUTPUT [WIT [ENCODING]], where TOOLS is a folder whose node_modules has jco
// and componentize-js, SOURCE a core module (.wasm) or one as text (.wat), a module of TypeScript or JavaScript (.ts, .js) or a folder of Go, and WIT a file
// with the world of its name.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [tools, source, output, world, stringEncoding] = process.argv.slice(2);
const fixtures = path.join(import.meta.dirname, 'fixtures');
const scope = path.join(tools, 'node_modules/@bytecodealliance');
const load = (file) => import(pathToFileURL(path.join(scope, file)).href);

/** A package file as a block of its own, so that all packages fit into one text and no tool needs to read folders. */
const nested = (text) => `${text.replace(/^([^]*?)\bpackage ([^;]+);/, '$1package $2 {')}\n}\n`;

/** A fixture of the world that its own file tells, else of `handler`. */
const own = world ?? `${source.replace(/\.[a-z]+$/, '')}.wit`;
const worldName = existsSync(own) ? path.basename(own, '.wit') : 'handler';

async function wit() {
  const packages = ['io', 'clocks', 'random', 'filesystem', 'sockets', 'cli', 'http'];
  const texts = packages.map((name) =>
    readFile(path.join(scope, `jco/lib/wit/builtin/0.2.12/wasi-${name}/package.wit`), 'utf8'),
  );
  const worlds =
    worldName === 'handler' ? ['handler.wit', 'wasmcloud.wit', 'calls.wit'] : [path.resolve(own)];
  const first = await Promise.all(worlds.map((file) => readFile(path.resolve(fixtures, file), 'utf8')));
  return [...first, ...(await Promise.all(texts)).map(nested)].join('\n');
}

async function fromText() {
  const { parse } = await load('jco-transpile/dist/wasm-tools.js');
  const text = await readFile(source, 'utf8');
  const binary = await parse(text);
  return /^\s*(;;.*\n\s*)*\(component/.test(text) ? binary : fromModule(binary);
}

async function fromModule(binary, adapters = []) {
  const { componentEmbed, componentNew } = await load('jco-transpile/dist/wasm-tools.js');
  const options = { witSource: await wit(), world: worldName, ...(stringEncoding && { stringEncoding }) };
  return componentNew(await componentEmbed({ binary, ...options }), adapters);
}

async function fromTypeScript() {
  const { componentize } = await load('componentize-js/src/componentize.js');
  const { build } = await import('esbuild');
  const sourcePath = `${output}.js`;
  await build({
    entryPoints: [source],
    bundle: true,
    format: 'esm',
    external: ['test:*', 'wasi:*', 'wasmcloud:*'],
    outfile: sourcePath,
  });
  const { component } = await componentize({
    sourcePath,
    witWorld: await wit(),
    worldName,
    disableFeatures: ['fetch-event', 'http'],
  });
  return component;
}

async function fromGo() {
  const module = `${output}.core`;
  const env = { ...process.env, GOOS: 'wasip1', GOARCH: 'wasm' };
  execFileSync('go', ['build', '-buildmode=c-shared', '-ldflags=-s -w', '-o', module, '.'], {
    cwd: source,
    env,
  });
  const binary = await readFile(module);
  await rm(module);
  const adapter = await readFile(path.join(scope, 'jco/lib/wasi_snapshot_preview1.reactor.wasm'));
  return fromModule(binary, [['wasi_snapshot_preview1', adapter]]);
}

const builders = {
  '.wasm': async () => fromModule(await readFile(source)),
  '.wat': fromText,
  '.ts': fromTypeScript,
  '.js': fromTypeScript,
  '': fromGo,
};
await writeFile(output, await builders[path.extname(source)]());
