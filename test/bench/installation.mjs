// The product as people start it: `kasmcloud up`, with a data folder of its own.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const cli = path.join(root, 'dist', 'kasmcloud.cjs');
const name = 'bench';
/** Lattice of everything that is measured. */
export const namespace = 'bench';

/** Control plane, NATS, reconciler and one host, on this machine. */
export class Installation {
  #ports = new Map();
  #dataHome = mkdtempSync(path.join(tmpdir(), 'kasmcloud-bench-'));

  /** Starts all, with nothing in it but an HTTP server. */
  static async start() {
    const installation = new Installation();
    await installation.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      object('Provider', 'http', { image: 'builtin://http-server' }),
    ]);
    const status = JSON.parse(await installation.#kasmcloud(['status', '--json']));
    installation.pid = status.processes.find((process) => process.name === 'host').pid;
    installation.kubeconfig = status.kubeconfig;
    return installation;
  }

  /** Applies objects, and resolves once they are ready. */
  async apply(objects) {
    await this.#kasmcloud(['up', '-'], objects.map((each) => JSON.stringify(each)).join('\n---\n'));
  }

  /** Runs an actor that has an address to itself; resolves with its URL. The same actor keeps its address. */
  async serve(id, spec) {
    const port = this.#ports.get(id) ?? (await freePort());
    this.#ports.set(id, port);
    await this.apply([object('Actor', id, spec), httpLink(id, port)]);
    return new URL(`http://127.0.0.1:${port}/`);
  }

  /** Makes objects without waiting for them. */
  async create(objects) {
    const input = objects.map((each) => JSON.stringify(each)).join('\n---\n');
    await this.#kasmcloud(['kubectl', '--', 'create', '-f', '-'], input);
  }

  async stop() {
    await this.#kasmcloud(['down', '--purge']);
    rmSync(this.#dataHome, { recursive: true, force: true });
  }

  async #kasmcloud([command, ...args], input = '') {
    const child = spawn(process.execPath, [cli, command, '--name', name, ...args], {
      env: { ...process.env, XDG_DATA_HOME: this.#dataHome },
    });
    child.stdin.end(input);
    const [out, err] = [[], []];
    child.stdout.on('data', (chunk) => out.push(chunk));
    child.stderr.on('data', (chunk) => err.push(chunk));
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`kasmcloud ${command} ended with ${code}: ${Buffer.concat(err)}`);
    return Buffer.concat(out).toString();
  }
}

/** An object of the lattice. */
export function object(kind, id, spec) {
  return {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: `WasmCloud${kind}`,
    metadata: { name: id, namespace },
    spec,
  };
}

/** A link by which the HTTP server hands all requests of a port to an actor. */
export function httpLink(id, port) {
  return object('Link', id, {
    source: 'http',
    target: id,
    name: id, // links of one source and interface tell their targets apart by the link name
    wit: { namespace: 'wasi', package: 'http', interfaces: ['incoming-handler'] },
    sourceConfig: { values: { address: `127.0.0.1:${port}` } },
  });
}

/** Resolves with the milliseconds until a URL answers with 200. */
export async function answered(url, milliseconds = 60_000) {
  const from = performance.now();
  for (;;) {
    const status = await fetch(url, { signal: AbortSignal.timeout(5000) }).then(
      async (response) => (await response.arrayBuffer(), response.status),
      () => 0,
    );
    const took = performance.now() - from;
    if (status === 200) return took;
    if (took > milliseconds) throw new Error(`${url} did not answer within ${milliseconds} ms`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
