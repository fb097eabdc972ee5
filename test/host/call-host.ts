import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { WasmCloudLink } from '../../lib/api';
import { ActorHost } from '../../lib/host/actor-host';
import type { ActorRuntime, ActorSpec } from '../../lib/host/actor-runtime';
import { LatticeExports } from '../../lib/host/calls/lattice-exports';
import { LocalServices } from '../../lib/host/calls/local-services';
import { CallRouter } from '../../lib/host/calls/router';
import { UnservedCalls } from '../../lib/host/calls/unserved-calls';
import { LocalActors } from '../../lib/host/controllers/local-actors';
import type { LatticeConnection } from '../../lib/lattice';
import { toolchainComponent } from './component/fixtures';
import { component, type Component } from './components';

const namespace = 'test';

/** A link between two ids for `acme:calls/math`. */
export const mathLink = (source: string, target: string, name?: string): WasmCloudLink =>
  callLink(source, target, 'acme:calls/math', name);

/** A link between two ids for an interface. */
export function callLink(source: string, target: string, called: string, name?: string): WasmCloudLink {
  const [, witNamespace = '', witPackage = '', witInterface = ''] = /^(.+):(.+)\/(.+)$/.exec(called) ?? [];
  return {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudLink',
    metadata: { name: `${source}-${target}`, namespace },
    spec: {
      source,
      target,
      ...(name !== undefined && { name }),
      wit: { namespace: witNamespace, package: witPackage, interfaces: [witInterface] },
    },
  };
}

/** What of a host has to do with calls, without an API server. */
export class CallHost {
  readonly actors = new LocalActors();
  /** Providers of this host. */
  readonly services = new LocalServices();
  private readonly host = new ActorHost({ workerScript: process.env['KASMCLOUD_TEST_WORKER'] ?? '' });
  private readonly started: ActorRuntime[] = [];
  private readonly router: CallRouter;

  constructor(
    readonly links: WasmCloudLink[],
    connection?: LatticeConnection,
  ) {
    const unserved = new UnservedCalls({
      host: 'test',
      linked: () => links.map(({ spec }) => ({ namespace, component: spec.target })),
    });
    this.router = new CallRouter({
      links: (_, source) => links.filter(({ spec }) => spec.source === source),
      lattice: () => 'lattice',
      actor: (_, id, serves) => this.actors.find(namespace, id, serves) ?? this.actors.find(namespace, id),
      service: (_, id) => this.services.find(namespace, id),
      nats: () => connection,
      unserved,
    });
    const exports = new LatticeExports({
      actors: this.actors,
      lattice: () => 'lattice',
      graceMs: () => 1_000,
    });
    exports.attach(connection);
  }

  /** Starts a fixture in the place of what has its id: a component of `component/fixtures`, or one of `fixtures` if it ends in `.wat`, `.ts` or `.js`. */
  async start(id: string, fixture: string, spec: Partial<ActorSpec> = {}): Promise<ActorRuntime> {
    return this.run(
      id,
      /\.(wat|ts|js)$/.test(fixture) ? await component(fixture) : await written(fixture),
      spec,
    );
  }

  /** Starts a component in the place of what has its id. */
  async run(id: string, source: Component, spec: Partial<ActorSpec> = {}): Promise<ActorRuntime> {
    const actor = await this.host.start(
      { id, lattice: 'lattice', instances: 4, config: {}, ...source, ...spec },
      (call) => this.router.call({ ...call, namespace, source: id }),
    );
    this.started.push(actor);
    await this.actors.add(namespace, id, actor, this.actors.find(namespace, id));
    return actor;
  }

  async remove(id: string): Promise<void> {
    const actor = this.actors.find(namespace, id);
    if (actor !== undefined) await this.actors.remove(namespace, id, actor);
  }

  async stop(): Promise<void> {
    for (const { componentId } of this.actors.list()) await this.remove(componentId);
    for (const actor of this.started) await actor.stop(0);
    this.host.stop();
  }
}

async function written(fixture: string): Promise<{ wasm: string; digest: string }> {
  const binary = await toolchainComponent(fixture);
  const wasm = path.join(mkdtempSync(path.join(process.env['KASMCLOUD_TEST_DIR'] ?? '', 'c-')), 'c.wasm');
  writeFileSync(wasm, binary);
  return { wasm, digest: `sha256:${createHash('sha256').update(binary).digest('hex')}` };
}
