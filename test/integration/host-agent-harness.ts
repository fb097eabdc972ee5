import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  HOST_USER_PREFIX,
  conditionOf,
  type Condition,
  type Conditioned,
  type KubeObject,
  NamespaceResource,
  type ObjectKey,
  type ResourceType,
  WasmCloudHostResource,
} from '../../lib/api';
import { TerminalError } from '../../lib/base/errors';
import type { ActorSpec, FollowLink } from '../../lib/host/actor-runtime';
import { HostAgent } from '../../lib/host/agent';
import type { HostIdentity } from '../../lib/host/agent-registration';
import { builtinProviders } from '../../lib/host/controllers/builtin-provider';
import type { RunningActor } from '../../lib/host/controllers/local-actors';
import { ImageStore } from '../../lib/host/images/store';
import { ProviderProcesses } from '../../lib/host/processes/processes';
import { type Connection, KubeClient } from '../../lib/kube';
import { hostGroup } from '../../lib/local/control-plane';
import {
  type LatticeConnection,
  type LatticeConnectionOptions,
  silentLogger,
  type WitInterface,
} from '../../lib/lattice';
import { testConnection } from './cluster';

/** An actor without a component: it answers what it was started with. */
export class FakeActor implements RunningActor {
  readonly imports = ['wasi:config/runtime@0.2.0-draft'];
  readonly exports = ['wasi:http/incoming-handler@0.2.2'];
  /** What others can call; {@link answer} answers it. */
  serves: readonly WitInterface[] = [];
  ready = true;
  stopped = false;
  inFlight = 0;
  counts = { ended: 0, unanswered: 0, serverErrors: 0 };
  instances: number;
  config: ActorSpec['config'];
  answer: (func: string, args: readonly unknown[]) => Promise<unknown> = async () => {
    throw new Error('exports nothing to call');
  };

  constructor(
    readonly spec: ActorSpec,
    /** Calls others as a component would. */
    readonly followLink: FollowLink,
  ) {
    this.instances = spec.instances;
    this.config = spec.config;
  }

  async handleHttp(_request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.stopped) throw new Error('called after it was stopped');
    response.end(JSON.stringify({ digest: this.spec.digest, config: this.config }));
  }

  call(interfaceId: string, func: string, args: readonly unknown[]): Promise<unknown> {
    return this.answer(`${interfaceId}#${func}`, args);
  }

  async answerHttp(): Promise<never> {
    throw new Error('is only called on its own host');
  }

  resize(instances: number): void {
    this.instances = instances;
  }

  configure(config: ActorSpec['config']): void {
    this.config = config;
  }

  async stop(): Promise<void> {
    this.stopped = true;
  }
}

/** How a host, and the providers that it starts, reach NATS. */
export interface HostNats {
  readonly options: LatticeConnectionOptions;
  readonly connection: LatticeConnection;
}

/** A host with fake actors on the real API server. */
export class TestHost {
  /** Every actor that was started, in order. */
  readonly started: FakeActor[] = [];
  /** Digests that do not start. */
  readonly broken = new Set<string>();
  /** Attempts to start, those that failed included. */
  attempts = 0;
  lost: Error | undefined;

  private constructor(
    readonly agent: HostAgent,
    readonly identity: HostIdentity,
    private readonly images: ImageStore,
    private readonly processes: ProviderProcesses,
  ) {}

  static async start(
    client: KubeClient,
    dir: string,
    identity: Partial<HostIdentity>,
    insecureRegistries: readonly string[] = [],
    nats?: HostNats,
  ): Promise<TestHost> {
    const whole: HostIdentity = {
      name: 'host',
      hostId: `N${'A'.repeat(55)}`,
      lattices: ['*'],
      labels: {},
      version: '0.0.0-test',
      nodeName: 'node',
      addresses: ['127.0.0.1'],
      ...identity,
    };
    const images = new ImageStore({
      dir: path.join(dir, `images-${whole.name}`),
      allowFileLoad: true,
      insecureRegistries,
    });
    const processes = new ProviderProcesses({
      dir: path.join(dir, `providers-${whole.name}`),
      hostId: whole.hostId,
      nats: nats?.options ?? { servers: [] },
      connection: () => nats?.connection,
      log: silentLogger,
      timing: { restartMs: 100, checkMs: 500, startMs: 3_000 },
    });
    const agent: HostAgent = new HostAgent({
      client,
      identity: whole,
      hashKey: 'key',
      images,
      processes,
      blobDir: path.join(dir, 'blobs'),
      startActor: async (spec, followLink) => host.startActor(spec, followLink),
      builtins: builtinProviders,
      nats: () => ({ connected: true }),
      lattice: () => nats?.connection,
      onLost: (error) => (host.lost = error),
    });
    const host: TestHost = new TestHost(agent, whole, images, processes);
    try {
      await agent.start();
      agent.changed();
    } catch (error) {
      await host.stop();
      throw error;
    }
    return host;
  }

  /** What serves now. */
  running(id: string): FakeActor[] {
    return this.started.filter(({ spec, stopped }) => spec.id === id && !stopped);
  }

  async stop(): Promise<void> {
    await this.agent.stop();
    this.processes.close();
    this.images.close();
  }

  private startActor(spec: ActorSpec, followLink: FollowLink): FakeActor {
    this.attempts++;
    if (this.broken.has(spec.digest))
      throw new TerminalError('InvalidComponent', `${spec.digest} is broken`, 'Build it again');
    const actor = new FakeActor(spec, followLink);
    this.started.push(actor);
    return actor;
  }
}

export interface HostOptions {
  /** How the host reaches the API server. */
  readonly through?: Connection;
  readonly insecureRegistries?: readonly string[];
  /** Connection to NATS, without which provider processes hear nothing of their host. */
  readonly nats?: HostNats;
}

export interface Bench {
  readonly client: KubeClient;
  readonly dir: string;
  /** Makes a namespace of its own for a test. */
  namespace(): Promise<string>;
  /** Starts a host that ends with the test. */
  host(identity?: Partial<HostIdentity>, options?: HostOptions): Promise<TestHost>;
  /** Writes a file that passes for a component and returns its image. */
  component(name: string, content?: string): Promise<string>;
}

/** What each test of the host needs; registers its own set-up and clean-up with jest. */
export function bench(): Bench {
  let client: KubeClient | undefined;
  let dir = '';
  const hosts: TestHost[] = [];
  const namespaces: string[] = [];

  beforeAll(async () => {
    client = new KubeClient(await testConnection());
    dir = await mkdtemp(path.join(tmpdir(), 'host-agent-'));
  });
  afterEach(async () => {
    for (const host of hosts.splice(0)) {
      await host.stop();
      await client?.delete(WasmCloudHostResource, { name: host.identity.name });
    }
    for (const name of namespaces.splice(0)) await client?.delete(NamespaceResource, { name });
  });
  afterAll(async () => {
    client?.connection.close();
    await rm(dir, { recursive: true, force: true });
  });

  return {
    get client() {
      return client!;
    },
    get dir() {
      return dir;
    },
    namespace: async () => {
      // Of another name than those of other test files in this process, which may still be on their way out.
      const name = `host-agent-${randomUUID()}`;
      await client!.create(NamespaceResource, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      namespaces.push(name);
      return name;
    },
    host: async (identity = {}, { through = client!.connection, insecureRegistries, nats } = {}) => {
      // Of another name than those of other files, whose actors may still be on their way out.
      const { name = `test-${randomUUID()}` } = identity;
      const own = new KubeClient(asHost(through, name));
      const host = await TestHost.start(own, dir, { ...identity, name }, insecureRegistries, nats);
      hosts.push(host);
      return host;
    },
    component: async (name, content = name) => {
      const file = path.join(dir, `${name}.wasm`);
      await writeFile(file, `\0asm${content}`);
      return `file://${file}`;
    },
  };
}

/** The connection of an administrator, as the API server sees a host's own. */
function asHost(admin: Connection, name: string): Connection {
  return {
    server: admin.server,
    namespace: admin.namespace,
    credentials: async (fresh) => {
      const { agent, headers } = await admin.credentials(fresh);
      const identity = { 'Impersonate-User': `${HOST_USER_PREFIX}${name}`, 'Impersonate-Group': hostGroup };
      return { agent, headers: { ...headers, ...identity } };
    },
    close: () => admin.close(),
  };
}

/** Waits until `probe` returns something without throwing, and returns that. */
export async function eventually<T>(probe: () => Promise<T> | T, timeoutMs = 15_000): Promise<T> {
  for (const deadline = Date.now() + timeoutMs; ;) {
    try {
      return await probe();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Waits until a condition of an object has this status (and reason), and returns the object. */
export function untilCondition<T extends KubeObject & Conditioned>(
  client: KubeClient,
  type: ResourceType<T>,
  key: ObjectKey,
  expected: Partial<Condition>,
): Promise<T> {
  return eventually(async () => {
    const object = await client.get(type, key);
    expect(conditionOf(object, expected.type ?? 'Ready')).toMatchObject(expected);
    return object;
  });
}
