// The host against its peers: the same component behind HTTP, on the same machine, in turns. And what an actor costs to start and to keep.
//
// A component written in Go stands for what people write: a language with a runtime, which peers start anew for each request. The one in WAT
// has nothing to start; it shows what the hosts themselves cost, and so it is what node:http is compared with.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.mjs';
import { Installation, answered, httpLink, namespace, object } from './installation.mjs';
import { proportionalMemory } from './memory.mjs';
import { loadOn, median, pin } from './load.mjs';
import { bareNode, instances, toolPath, wasmCloud, wasmtimeServe } from './rivals.mjs';

const fixtures = path.join(import.meta.dirname, '../host');
/** Turns that each side gets; the median counts. */
const turns = 5;
const starts = 15;
const idleActors = 200;
/** Longer than an idle actor keeps its worker. */
const idleMs = 90_000;

export const rows = [
  'host.http.cpu',
  'host.http.throughput',
  'host.http.wasmtime',
  'host.http.wat',
  'host.http.typescript',
  'host.start.warm',
  'host.idle.memory',
  'host.http.limit',
];

export async function* measure(isWanted) {
  const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-bench-'));
  const installation = await Installation.start();
  try {
    const go = await component(path.join(import.meta.dirname, 'hello-go'), dir);
    const wat = await component(path.join(fixtures, 'fixtures/hello.wat'), dir);
    if (isWanted('host.http.cpu') || isWanted('host.http.throughput')) {
      const { ours, theirs } = await compare(await actor(installation, 'go', go), await wasmCloud(go));
      yield row('host.http.cpu', 'us', 'cpuUs', ours, 'wasmCloud 1.9', theirs);
      yield row('host.http.throughput', '1/s', 'perSecond', ours, 'wasmCloud 1.9', theirs);
    }
    if (isWanted('host.http.wasmtime')) {
      const { ours, theirs } = await compare(await actor(installation, 'go', go), await wasmtimeServe(go));
      yield row('host.http.wasmtime', 'us', 'cpuUs', ours, 'wasmtime serve', theirs);
    }
    if (isWanted('host.http.wat')) {
      const { ours, theirs } = await compare(await actor(installation, 'wat', wat), await wasmCloud(wat));
      yield row('host.http.wat', 'us', 'cpuUs', ours, 'wasmCloud 1.9', theirs);
    }
    if (isWanted('host.http.typescript')) {
      const script = await exampleActor();
      const ts = await actor(installation, 'typescript', script);
      const { ours, theirs } = await compare(ts, await wasmCloud(script));
      yield row('host.http.typescript', 'us', 'cpuUs', ours, 'wasmCloud 1.9', theirs);
    }
    if (isWanted('host.start.warm')) {
      yield { name: 'host.start.warm', value: Math.round(await startTime(installation, wat)), unit: 'ms' };
    }
    if (isWanted('host.idle.memory')) {
      yield { name: 'host.idle.memory', value: round(await idleMemory(installation, wat), 2), unit: 'MB' };
    }
    if (isWanted('host.http.limit')) {
      // Last, as the host stays on one core.
      const wanted = await actor(installation, 'wat', wat);
      const bare = await bareNode();
      for (const { pid } of [wanted, bare]) pin(pid, 0);
      const { ours, theirs } = await compare(wanted, bare, { core: 1 });
      yield row('host.http.limit', '1/s', 'perSecond', ours, 'node:http', theirs);
    }
  } finally {
    await installation.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Loads ours and theirs in turns, so that whatever else the machine does meets both; ends theirs. */
async function compare(ours, theirs, options) {
  const measured = { ours: [], theirs: [] };
  try {
    for (const { url, pid } of [ours, theirs]) await loadOn(pid, url, options);
    for (let turn = 0; turn < turns; turn++) {
      measured.ours.push(await loadOn(ours.pid, ours.url, options));
      measured.theirs.push(await loadOn(theirs.pid, theirs.url, options));
    }
  } finally {
    await theirs.stop();
  }
  return measured;
}

function row(name, unit, figure, ours, rival, theirs) {
  const of = (side) => round(median(side.map((turn) => turn[figure])));
  return { name, value: of(ours), unit, rival, rivalValue: of(theirs) };
}

async function component(source, dir) {
  const wasm = path.join(dir, `${path.basename(source)}.wasm`);
  await promisify(execFile)(await toolPath('node'), [
    path.join(fixtures, 'build-component.mjs'),
    await toolPath('wasm-tools'),
    source,
    wasm,
  ]);
  return wasm;
}

/** An actor that has an address to itself. */
async function actor(installation, id, wasm) {
  const url = (await installation.serve(id, { image: `file://${wasm}`, instances })).href;
  await answered(url);
  return { url, pid: installation.pid };
}

/** The actor of the first example, in TypeScript. */
async function exampleActor() {
  const example = path.join(import.meta.dirname, '../../examples/hello');
  const env = { ...process.env, KASMCLOUD_WASM_TOOLS: await toolPath('wasm-tools') };
  await promisify(execFile)(await toolPath('node'), [path.join(example, 'build.mjs')], { env });
  return path.join(example, 'dist/hello.wasm');
}

/** Median milliseconds from an actor's binding to its first answer, its image being there already. */
async function startTime(installation, wasm) {
  const port = await freePort();
  const proxyPort = await freePort();
  const proxy = spawn(
    await toolPath('kubectl'),
    ['--kubeconfig', installation.kubeconfig, 'proxy', '--port', String(proxyPort)],
    { stdio: 'ignore' },
  );
  const api = `http://127.0.0.1:${proxyPort}`;
  const times = [];
  try {
    await answered(`${api}/readyz`);
    await installation.create([httpLink('started', port)]);
    await listening(port);
    for (let i = 0; i < starts; i++) {
      const actors = `${api}/apis/kasmcloud.io/v1alpha1/namespaces/${namespace}/wasmcloudactors`;
      const bound = object('Actor', 'started', { image: `file://${wasm}`, host: 'local' });
      const created = await fetch(actors, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(bound),
      });
      if (!created.ok) throw new Error(`The actor could not be made: ${await created.text()}`);
      times.push(await answered(`http://127.0.0.1:${port}/`));
      await fetch(`${actors}/started`, { method: 'DELETE' });
      await refused(port);
    }
  } finally {
    proxy.kill();
  }
  return median(times);
}

/** What an actor adds to the host's memory when nothing has called it for a while, above its own linear memory of one page. */
async function idleMemory(installation, wasm) {
  await pause(idleMs);
  const before = proportionalMemory(installation.pid);
  const objects = [];
  const ports = [];
  for (let i = 0; i < idleActors; i++) {
    const port = await freePort();
    ports.push(port);
    objects.push(
      object('Actor', `idle-${i}`, { image: `file://${wasm}`, host: 'local' }),
      httpLink(`idle-${i}`, port),
    );
  }
  await installation.create(objects);
  for (const port of ports) await answered(`http://127.0.0.1:${port}/`, 300_000);
  await pause(idleMs);
  return (proportionalMemory(installation.pid) - before) / idleActors - 65_536 / 2 ** 20;
}

async function listening(port) {
  while ((await status(port)) === 0) await pause(20);
}

async function refused(port) {
  while ((await status(port)) === 200) await pause(20);
}

async function status(port) {
  return fetch(`http://127.0.0.1:${port}/`).then(
    async (response) => (await response.arrayBuffer(), response.status),
    () => 0,
  );
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function round(value, digits = 0) {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
