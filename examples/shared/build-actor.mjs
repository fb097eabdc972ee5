// Builds the actor of an example, unless it is up to date: strips the types with Node's own stripper, then turns the JavaScript into
// a component with componentize-js. `kasmcloud up` says in KASMCLOUD_WASM_TOOLS where it keeps componentize-js; without that, an
// installed one is used.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const shared = import.meta.dirname;

/** Makes dist/NAME.wasm of actor/NAME.ts and the world NAME in actor/NAME.wit, all in the folder `example`. */
export async function buildActor(example, name) {
  const wasm = path.join(example, `dist/${name}.wasm`);
  const stamp = `${wasm}.inputs`;
  const inputs = hashOfInputs(path.join(example, 'actor'));
  if (read(wasm) !== undefined && read(stamp)?.toString() === inputs) return;
  console.error(`Building dist/${name}.wasm from actor/${name}.ts; this takes half a minute`);
  const componentize = await toolchain(example);
  mkdirSync(path.dirname(wasm), { recursive: true });
  const script = path.join(example, `dist/${name}.${process.pid}.js`);
  try {
    const source = readFileSync(path.join(example, `actor/${name}.ts`), 'utf8');
    writeFileSync(script, nodeModule.stripTypeScriptTypes(source));
    const { component } = await componentize({
      sourcePath: script,
      witWorld: witText(path.join(example, `actor/${name}.wit`)),
      worldName: name,
      // An actor that needs neither log, randomness, clocks nor outgoing calls imports none of them.
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

async function toolchain(example) {
  if (nodeModule.stripTypeScriptTypes === undefined || nodeModule.registerHooks === undefined)
    fail(`Node ${process.version} cannot strip types from TypeScript`, 'Use Node 24');
  const tools = process.env.KASMCLOUD_WASM_TOOLS;
  const parentURL = pathToFileURL(path.join(tools ?? example, '/')).href;
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

/** All WIT packages in one text: the world, then each package that the examples share as a block. */
function witText(world) {
  const packages = path.join(shared, 'wit');
  const blocks = readdirSync(packages)
    .filter((file) => file.endsWith('.wit'))
    .map(
      (file) =>
        readFileSync(path.join(packages, file), 'utf8').replace(/^package (.+);$/m, 'package $1 {') + '}\n',
    );
  return [readFileSync(world, 'utf8'), ...blocks].join('\n');
}

function fail(message, remedy) {
  console.error(`${message}. ${remedy}.`);
  process.exit(1);
}

/** The bytes of a file, or undefined when there is none. */
function read(file) {
  return statSync(file, { throwIfNoEntry: false }) === undefined ? undefined : readFileSync(file);
}

/** One hash over all that a build reads, this program included. */
function hashOfInputs(actor) {
  const hash = createHash('sha256');
  for (const folder of [actor, shared]) {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name));
    for (const file of files.sort())
      hash
        .update(`${path.relative(folder, file)}\0`)
        .update(readFileSync(file))
        .update('\0');
  }
  return hash.digest('hex');
}
