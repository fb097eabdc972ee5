import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  API_VERSION,
  NamespaceResource,
  WasmCloudActorResource,
  WasmCloudLinkResource,
  WasmCloudProviderResource,
} from '../../lib/api';
import { KubeClient, loadConnection } from '../../lib/kube';
import { bootstrap } from '../../lib/local/bootstrap';
import { type ControlPlane, startControlPlane } from '../../lib/local/control-plane';
import { npmTools } from '../../lib/local/npm-tools';
import { type Provider, connect } from '../../lib/provider';
import { HostProcess } from '../host-process';
import { untilCondition } from '../integration/host-agent-harness';
import { actor, link, provider } from '../integration/lattice-objects';
import { archive } from '../provider-archive';
import { LegacyHost } from './legacy-host';

/** A lattice that a real wasmCloud 1.9 host and a KasmCloud Host share, each with a control plane of its own. */
export class MixedLattice {
  private constructor(
    /** A lattice is a namespace: what the legacy host calls by its name, too. */
    readonly namespace: string,
    readonly dir: string,
    readonly legacy: LegacyHost,
    private readonly controlPlane: ControlPlane,
    readonly client: KubeClient,
    private readonly kasm: HostProcess,
    /** A program of the lattice that calls what the tests look at. */
    readonly caller: Provider,
  ) {}

  static async start(namespace: string): Promise<MixedLattice> {
    const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-mixed-'));
    const [legacy, controlPlane, tools] = await Promise.all([
      LegacyHost.start(namespace),
      startControlPlane({ dir }),
      npmTools('wasm'),
    ]);
    process.env['KASMCLOUD_TEST_WASM_TOOLS'] = tools;
    const kubeconfig = controlPlane.kubeconfig('admin');
    const client = new KubeClient(await loadConnection({ kubeconfig }));
    await bootstrap(client);
    const metadata = { name: namespace };
    await client.create(NamespaceResource, { apiVersion: 'v1', kind: 'Namespace', metadata });
    const args = [`--nats-url=${legacy.url}`];
    const kasm = await HostProcess.start({ name: 'kasm', kubeconfig, dir, args, roles: 'host,reconciler' });
    const caller = await connect({ nats: legacy.connection.nats, lattice: namespace, id: 'test' });
    return new MixedLattice(namespace, dir, legacy, controlPlane, client, kasm, caller);
  }

  async stop(): Promise<void> {
    await this.caller.close();
    await this.kasm.stop();
    this.client.connection.close();
    await Promise.all([this.controlPlane.stop(), this.legacy.stop()]);
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Runs an actor on the KasmCloud Host. */
  async act(id: string, file: string): Promise<void> {
    const { namespace, client } = this;
    await client.create(
      WasmCloudActorResource,
      actor(namespace, id, { image: `file://${file}`, host: this.kasm.name, instances: 20 }),
    );
    await untilCondition(client, WasmCloudActorResource, { name: id, namespace }, { status: 'True' });
  }

  /** Says that an id is run by somebody else, as a bridge between the two control planes would. */
  async observe(kind: 'actor' | 'provider', id: string): Promise<void> {
    const { namespace, client } = this;
    const managementPolicy = 'Observe';
    if (kind === 'actor')
      await client.create(WasmCloudActorResource, actor(namespace, id, { managementPolicy }));
    else
      await client.create(WasmCloudProviderResource, {
        apiVersion: API_VERSION,
        kind: 'WasmCloudProvider',
        metadata: { name: id, namespace },
        spec: { runtime: 'External', managementPolicy },
      });
  }

  /** Runs a provider of the KasmCloud Host. */
  async provide(id: string, name: string): Promise<void> {
    const image = `builtin://${name}`;
    const { namespace, kasm } = this;
    await this.client.create(WasmCloudProviderResource, provider(namespace, id, { image, host: kasm.name }));
  }

  /** Links two ids for the KasmCloud Host, for interfaces such as `wasi:keyvalue/store,atomics`. */
  async link(
    source: string,
    target: string,
    interfaces: string,
    config: { source?: Record<string, string>; target?: Record<string, string> } = {},
  ): Promise<void> {
    const [, witNamespace = '', witPackage = '', names = ''] = /^(.+):(.+)\/(.+)$/.exec(interfaces) ?? [];
    await this.client.create(
      WasmCloudLinkResource,
      link(this.namespace, `${source}-${target}`, source, target, {
        wit: { namespace: witNamespace, package: witPackage, interfaces: names.split(',') },
        ...(config.source && { sourceConfig: { values: config.source } }),
        ...(config.target && { targetConfig: { values: config.target } }),
      }),
    );
  }

  /** Makes the published program of a crate in this folder an archive, as the legacy host takes it. */
  async program(crate: string): Promise<string> {
    const build = path.join(__dirname, crate, 'build.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [build]);
    const file = path.join(this.dir, `${crate}.par`);
    const target = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux`;
    writeFileSync(file, await archive({ [target]: readFileSync(stdout.trim()) }));
    return file;
  }
}
