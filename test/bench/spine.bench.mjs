// The minimal deployment: how fast it starts with warm caches, what it holds in memory, and how fast an applied actor answers.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from './free-port.mjs';
import { proportionalMemory } from './memory.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cli = path.join(root, 'dist', 'kasmcloud.cjs');
const name = 'bench';
const applies = 15;

export const rows = ['spine.start.warm', 'spine.memory', 'spine.apply'];

export async function* measure(isWanted) {
  const dataHome = mkdtempSync(path.join(tmpdir(), 'kasmcloud-bench-'));
  const port = await freePort();
  const env = { ...process.env, XDG_DATA_HOME: dataHome, PORT: String(port) };
  const kasmcloud = async (...args) => {
    const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args, '--name', name], {
      cwd: root,
      env,
    });
    return stdout;
  };
  const started = async () => {
    const from = performance.now();
    const up = spawn(process.execPath, [cli, 'up', 'examples/hello', '--name', name], {
      cwd: root,
      env,
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => up.on('exit', resolve));
    await answer(`http://127.0.0.1:${port}/`, 300_000);
    const seconds = (performance.now() - from) / 1000;
    if ((await ended) !== 0) throw new Error('kasmcloud up failed');
    return seconds;
  };
  try {
    await started(); // builds the actor and fills the caches
    await kasmcloud('down');
    yield { name: 'spine.start.warm', value: round(await started()), unit: 's' };
    if (isWanted('spine.memory')) {
      await new Promise((resolve) => setTimeout(resolve, 20_000)); // idle: what start-up needed has been given back
      yield {
        name: 'spine.memory',
        value: round(memory(JSON.parse(await kasmcloud('status', '--json')))),
        unit: 'MB',
      };
    }
    if (isWanted('spine.apply'))
      yield { name: 'spine.apply', value: Math.round(await applied(kasmcloud)), unit: 'ms' };
  } finally {
    await kasmcloud('down', '--purge');
    rmSync(dataHome, { recursive: true, force: true });
  }
}

/** Of every process of the installation, in MB. */
function memory(status) {
  return status.processes.reduce((sum, { pid }) => sum + proportionalMemory(pid), 0);
}

/** Median milliseconds from the start of `kubectl apply` of an actor and its link to the actor's first answer. */
async function applied(kasmcloud) {
  const kubectl = JSON.parse(await kasmcloud('tools', '--json')).find((tool) => tool.name === 'kubectl').path;
  const { kubeconfig } = JSON.parse(await kasmcloud('status', '--json'));
  const image = JSON.parse(
    await command(kubectl, ['--kubeconfig', kubeconfig, 'get', 'wca', 'hello', '-n', 'hello', '-o', 'json']),
  ).spec.image;
  const times = [];
  for (let i = 0; i < applies; i++) {
    const port = await freePort();
    const manifest = ['actor', 'link']
      .map((kind) => JSON.stringify(object(kind, `apply-${i}`, image, port)))
      .join('\n---\n');
    const from = performance.now();
    const apply = command(kubectl, ['--kubeconfig', kubeconfig, 'apply', '-f', '-'], manifest);
    await answer(`http://127.0.0.1:${port}/`, 60_000);
    times.push(performance.now() - from);
    await apply;
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

function object(kind, id, image, port) {
  const metadata = { name: id, namespace: 'hello' };
  if (kind === 'actor')
    return { apiVersion: 'kasmcloud.io/v1alpha1', kind: 'WasmCloudActor', metadata, spec: { image } };
  const wit = { namespace: 'wasi', package: 'http', interfaces: ['incoming-handler'] };
  const sourceConfig = { values: { address: `127.0.0.1:${port}` } };
  // Links of one source and interface tell their targets apart by the link name.
  const spec = { source: 'http', target: id, name: id, wit, sourceConfig };
  return { apiVersion: 'kasmcloud.io/v1alpha1', kind: 'WasmCloudLink', metadata, spec };
}

async function answer(url, milliseconds) {
  const deadline = performance.now() + milliseconds;
  while (performance.now() < deadline) {
    const status = await fetch(url, { signal: AbortSignal.timeout(5000) }).then(
      async (response) => (await response.arrayBuffer(), response.status),
      () => 0,
    );
    if (status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${url} did not answer within ${milliseconds} ms`);
}

function command(file, args, input) {
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, (error, stdout) => (error ? reject(error) : resolve(stdout)));
    child.stdin.end(input);
  });
}

function round(value) {
  return Math.round(value * 10) / 10;
}
