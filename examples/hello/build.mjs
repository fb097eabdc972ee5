// Builds dist/hello.wasm from actor/, unless it is up to date: strips the types with Node's own stripper, then turns the
// JavaScript into a component with componentize-js. `kasmcloud up` says in KASMCLOUD_WASM_TOOLS where it keeps componentize-js;
// without that, an installed one is used.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const here = import.meta.dirname;
const source = path.join(here, 'actor/hello.ts');
const wit = path.join(here, 'actor/wit');
const wasm = path.join(here, 'dist/hello.wasm');
const stamp = `${wasm}.inputs`;

const inputs = hashOfInputs();
if (read(wasm) === undefined || read(stamp)?.toString() !== inputs) await build();

async function build() {
  console.error('Building dist/hello.wasm from actor/hello.ts; this takes half a minute');
  const componentize = await toolchain();
  mkdirSync(path.dirname(wasm), { recursive: true });
  const script = path.join(here, `dist/hello.${process.pid}.js`);
  try {
    writeFileSync(script, nodeModule.stripTypeScriptTypes(readFileSync(source, 'utf8')));
    const { component } = await componentize({
      sourcePath: script,
      witWorld: witText(),
      worldName: 'hello',
      // A handler that needs neither log, randomness, clocks nor outgoing calls imports none of them.
      disableFeatures: ['stdio', 'random', 'clocks', 'http', 'fetch-event'],
    });
    writeFileSync(`${script}.wasm`, component);
    renameSync(`${script}.wasm`, wasm);
    // Last, so that a build that was cut short is done again.
    writeFileSync(stamp, inputs);
  } finally {
    rmSync(script, { force: true });
  }
}

async function toolchain() {
  if (nodeModule.stripTypeScriptTypes === undefined || nodeModule.registerHooks === undefined)
    fail(`Node ${process.version} cannot strip types from TypeScript`, 'Use Node 24');
  const tools = process.env.KASMCLOUD_WASM_TOOLS;
  const parentURL = tools === undefined ? import.meta.url : pathToFileURL(path.join(tools, '/')).href;
  const hook = nodeModule.registerHooks({
    resolve: (name, context, next) =>
      next(name, context.parentURL === import.meta.url ? { ...context, parentURL } : context),
  });
  try {
    return (await import('@bytecodealliance/componentize-js')).componentize;
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return fail(
      `componentize-js is not to be found ${tools === undefined ? 'from this folder' : `in KASMCLOUD_WASM_TOOLS=${tools}`}`,
      'Run `kasmcloud up` on this folder, which fetches it, or `npm install @bytecodealliance/componentize-js`',
    );
  } finally {
    hook.deregister();
  }
}

/** All WIT packages in one text: the world, then each dependency as a block. */
function witText() {
  const deps = path.join(wit, 'deps');
  const blocks = readdirSync(deps)
    .filter((file) => file.endsWith('.wit'))
    .map(
      (file) =>
        readFileSync(path.join(deps, file), 'utf8').replace(/^package (.+);$/m, 'package $1 {') + '}\n',
    );
  return [readFileSync(path.join(wit, 'hello.wit'), 'utf8'), ...blocks].join('\n');
}

function fail(message, remedy) {
  console.error(`${message}. ${remedy}.`);
  process.exit(1);
}

/** The bytes of a file, or undefined when there is none. */
function read(file) {
  return statSync(file, { throwIfNoEntry: false }) === undefined ? undefined : readFileSync(file);
}

/** One hash over this program and all that it reads. */
function hashOfInputs() {
  const files = readdirSync(path.join(here, 'actor'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const file of [import.meta.filename, ...files.sort()])
    hash
      .update(`${path.relative(here, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex');
}
