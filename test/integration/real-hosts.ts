import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { KubeClient } from '../../lib/kube';
import { hostGroup } from '../../lib/local/control-plane';
import { writeKubeconfig } from '../../lib/local/kubeconfig';
import { npmTools } from '../../lib/local/npm-tools';
import { Pki } from '../../lib/local/pki';
import { toolchainComponent } from '../host/component/fixtures';
import { component } from '../host/components';
import { HostProcess } from '../host-process';
import { natsOptions } from './lattice';

/** Versions of one component: they do the same and have digests of their own. */
export async function versions(dir: string, name: string, source: string, count = 2): Promise<string[]> {
  process.env['KASMCLOUD_TEST_WASM_TOOLS'] ??= await npmTools('wasm');
  const wasm = source.endsWith('.wat')
    ? readFileSync((await component(source)).wasm)
    : await toolchainComponent(source);
  return Array.from({ length: count }, (_, index) => {
    const file = path.join(dir, `${name}${index + 1}.wasm`);
    // A custom section without a name, with the version as its content.
    writeFileSync(file, Buffer.concat([wasm, Uint8Array.of(0, 2, 0, index + 1)]));
    return `file://${file}`;
  });
}

export interface RealHostOptions {
  readonly client: KubeClient;
  readonly dir: string;
  /** The one namespace that it serves. */
  readonly lattice: string;
  readonly name: string;
  /** Ports at which it finds the API server and NATS. @default their own */
  readonly apiPort?: number;
  readonly natsPort?: number;
  /** Further arguments of `kasmcloud run`. */
  readonly args?: readonly string[];
}

/** Starts a host in a process of its own, with a certificate of its own. */
export function startHost(options: RealHostOptions): Promise<HostProcess> {
  const { client, dir, lattice, name, apiPort, natsPort } = options;
  const pki = new Pki(path.join(process.env['KASMCLOUD_TEST_DIR'] ?? '', 'pki'));
  const server = new URL(client.connection.server);
  if (apiPort !== undefined) server.port = String(apiPort);
  const kubeconfig = path.join(dir, `${name}.kubeconfig`);
  writeKubeconfig(kubeconfig, {
    server: server.origin,
    ca: pki.ca,
    client: pki.client(`kasmcloud:host:${name}`, hostGroup),
    context: name,
  });
  const { servers, tls } = natsOptions();
  const url = natsPort === undefined ? String(servers) : `tls://127.0.0.1:${natsPort}`;
  const certificates = [`--nats-ca=${tls?.ca}`, `--nats-cert=${tls?.cert}`, `--nats-key=${tls?.key}`];
  const args = [`--nats-url=${url}`, ...certificates, `--lattice=${lattice}`, ...(options.args ?? [])];
  return HostProcess.start({ name, kubeconfig, dir, args });
}
