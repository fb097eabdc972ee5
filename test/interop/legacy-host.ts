import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { LatticeConnection } from '../../lib/lattice/connection';
import { type ControlTarget, controlSubject, eventSubject } from '../../lib/lattice/subjects';
import { eventually } from '../integration/eventually';
import { endProcess, spawnNats } from './plain-nats';

/** What a lattice event tells; the fields that the tests look at. */
export interface LatticeEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** It compiles what it runs: a component of JavaScript takes a busy machine minutes. */
const patienceMs = 300_000;

/** A real wasmCloud 1.9 host beside a NATS server of its own, spoken to as its command line client does. */
export class LegacyHost {
  readonly events: LatticeEvent[] = [];

  private constructor(
    readonly id: string,
    readonly lattice: string,
    /** NATS, without certificates. */
    readonly url: string,
    /** A connection of the test, to the same NATS. */
    readonly connection: LatticeConnection,
    /** A folder that goes with the host. */
    readonly dir: string,
    private readonly processes: readonly ChildProcess[],
  ) {
    connection.nats.subscribe(eventSubject(lattice, '*'), {
      callback: (_, message) => this.events.push(message.json()),
    });
  }

  /** Starts both, and resolves once the host serves. Builds the host when it is not cached: half an hour, once. */
  static async start(lattice: string): Promise<LegacyHost> {
    const build = path.join(__dirname, 'legacy-host', 'build.mjs');
    const program = await promisify(execFile)(process.execPath, [build]);
    const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-legacy-'));
    const { url, server: nats } = await spawnNats(dir);
    const connection = await LatticeConnection.connect({ servers: url });
    const host = spawn(program.stdout.trim(), ['--nats', url, '--lattice', lattice], {
      stdio: ['ignore', 'pipe', process.env['RUST_LOG'] === undefined ? 'ignore' : 'inherit'],
    });
    const [id] = (await once(createInterface(host.stdout as NodeJS.ReadableStream), 'line')) as [string];
    return new LegacyHost(id, lattice, url, connection, dir, [host, nats]);
  }

  /** Sends a control request. @throws when the host refuses it */
  async control(target: ControlTarget, body?: object): Promise<unknown> {
    const subject = controlSubject(this.lattice, target);
    const request = body && JSON.stringify(body);
    const reply = await this.connection.nats.request(subject, request, { timeout: patienceMs / 5 });
    const { success, message, response } = reply.json<{
      success: boolean;
      message: string;
      response?: unknown;
    }>();
    if (!success) throw new Error(`${subject}: ${message}`);
    return response;
  }

  /** Runs a component from a file, and resolves when it serves. */
  async run(id: string, file: string): Promise<void> {
    const command = {
      component_id: id,
      component_ref: `file://${file}`,
      count: 100,
      host_id: this.id,
      annotations: {},
    };
    await this.control({ operation: 'component.scale', hostId: this.id }, command);
    await this.event(/component_scale(d|_failed)$/, 'component_id', id);
  }

  /** Runs a provider, from an archive or `wasmcloud+builtin://…`, and resolves when it has been started. */
  async provide(id: string, program: string, config: Readonly<Record<string, string>> = {}): Promise<void> {
    const names = await this.configure(`provider-${id}`, config);
    const provider_ref = program.includes('://') ? program : `file://${program}`;
    const command = { provider_id: id, provider_ref, host_id: this.id, config: names };
    await this.control({ operation: 'provider.start', hostId: this.id }, command);
    await this.event(/provider_start(ed|_failed)$/, 'provider_id', id);
  }

  /** Links two ids, for interfaces such as `wasi:keyvalue/store,atomics`. */
  async link(
    source: string,
    target: string,
    interfaces: string,
    config: { source?: Readonly<Record<string, string>>; target?: Readonly<Record<string, string>> } = {},
  ): Promise<void> {
    const [, wit_namespace, wit_package, names = ''] = /^(.+):(.+)\/(.+)$/.exec(interfaces) ?? [];
    const side = (name: 'source' | 'target'): Promise<string[]> =>
      this.configure(`${source}-${target}-${name}`, config[name]);
    await this.control(
      { operation: 'link.put' },
      {
        source_id: source,
        target,
        name: 'default',
        wit_namespace,
        wit_package,
        interfaces: names.split(','),
        source_config: await side('source'),
        target_config: await side('target'),
      },
    );
  }

  private async configure(name: string, values: Readonly<Record<string, string>> = {}): Promise<string[]> {
    if (Object.keys(values).length === 0) return [];
    await this.control({ operation: 'config.put', config: name }, values);
    return [name];
  }

  /** Waits for an event of an id, which must tell of success. */
  private async event(type: RegExp, field: string, id: string): Promise<void> {
    const happened = (): LatticeEvent | undefined =>
      this.events.find((one) => type.test(one.type) && one.data[field] === id);
    const event = await eventually(`${id} runs`, happened, patienceMs);
    if (event.type.endsWith('_failed')) throw new Error(`${id}: ${String(event.data['error'])}`);
  }

  /** Ends host and server, gently at first. */
  async stop(): Promise<void> {
    await this.connection.close();
    for (const child of this.processes) await endProcess(child);
    rmSync(this.dir, { recursive: true, force: true });
  }
}
