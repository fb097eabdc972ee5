// What the host is measured against. Each start resolves with { url, pid, stop } once it answers.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { connect } from 'nats';
import { freePort } from './free-port.mjs';
import { answered, cli } from './installation.mjs';
import { wasmtime } from './wasmtime.mjs';

const lattice = 'bench';
/** Instances that each host may run of the component at once. */
export const instances = 100;

/** The path of a tool of the local platform, built if it must be. */
export async function toolPath(name) {
  const { stdout } = await promisify(execFile)(process.execPath, [cli, 'tools', '--build', '--json']);
  return JSON.parse(stdout).find((tool) => tool.name === name).path;
}

/** node:http with the least that can answer, on the Node that runs the host. */
export async function bareNode() {
  const port = await freePort();
  const answer = "Buffer.from('hello from wat\\n')";
  const program =
    `const body = ${answer}; require('node:http').createServer((_, response) => ` +
    `response.writeHead(200, { 'content-length': body.length }).end(body)).listen(${port}, '127.0.0.1')`;
  return served(spawn(await toolPath('node'), ['-e', program], { stdio: 'inherit' }), port);
}

/** `wasmtime serve` with its defaults: a fresh instance a request, from a pool. */
export async function wasmtimeServe(wasm) {
  const port = await freePort();
  // A runtime of a language reads its environment.
  const args = ['serve', '-S', 'cli', '--addr', `127.0.0.1:${port}`, wasm];
  return served(spawn(wasmtime(), args, { stdio: ['ignore', 'ignore', 'inherit'] }), port);
}

/** A real wasmCloud 1.9 host with its built-in HTTP server, told what to do as wash does it. */
export async function wasmCloud(wasm) {
  const builder = path.join(import.meta.dirname, '../interop/legacy-host/build.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [builder]);
  const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-bench-'));
  const [natsPort, port] = [await freePort(), await freePort()];
  const args = ['-a', '127.0.0.1', '-p', String(natsPort), '-js', '-sd', dir];
  const server = spawn(await toolPath('nats-server'), args, { stdio: 'ignore' });
  const url = `nats://127.0.0.1:${natsPort}`;
  const nats = await connect({ servers: url, waitOnFirstConnect: true });
  const host = spawn(stdout.trim(), ['--nats', url, '--lattice', lattice], {
    env: { ...process.env, RUST_LOG: 'off' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = async () => {
    await nats.close();
    await end(host);
    await end(server);
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const [id] = await once(createInterface(host.stdout), 'line');
    await control(nats, 'config.put.address', { address: `127.0.0.1:${port}` });
    await control(nats, 'link.put', {
      source_id: 'http',
      target: 'hello',
      name: 'default',
      wit_namespace: 'wasi',
      wit_package: 'http',
      interfaces: ['incoming-handler'],
      source_config: ['address'],
      target_config: [],
    });
    await control(nats, `component.scale.${id}`, {
      component_id: 'hello',
      component_ref: `file://${wasm}`,
      count: instances,
      host_id: id,
      annotations: {},
    });
    await control(nats, `provider.start.${id}`, {
      provider_id: 'http',
      provider_ref: 'wasmcloud+builtin://http-server',
      host_id: id,
      config: [],
      annotations: {},
    });
    const answers = `http://127.0.0.1:${port}/`;
    await answered(answers);
    return { url: answers, pid: host.pid, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function control(nats, operation, body) {
  const reply = await nats.request(`wasmbus.ctl.v1.${lattice}.${operation}`, JSON.stringify(body), {
    timeout: 10_000,
  });
  const { success, message } = reply.json();
  if (!success) throw new Error(`${operation}: ${message}`);
}

async function served(child, port) {
  const url = `http://127.0.0.1:${port}/`;
  try {
    await answered(url);
  } catch (error) {
    await end(child);
    throw error;
  }
  return { url, pid: child.pid, stop: () => end(child) };
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await once(child, 'exit');
  clearTimeout(timer);
}
