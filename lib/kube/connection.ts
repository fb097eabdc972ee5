import http from 'node:http';
import https from 'node:https';
import { createSecureContext } from 'node:tls';
import type { KubeConfig } from './kube-config';
import type * as kubeConfig from './kube-config';
import { KasmError, messageOf } from '../base/errors';

export interface ConnectionOptions {
  /** Path of a kubeconfig file. @default `KUBECONFIG`, `~/.kube/config`, then the pod's service account */
  readonly kubeconfig?: string | undefined;
  /** Context of the kubeconfig. @default its current context */
  readonly context?: string | undefined;
}

interface Agents {
  readonly agent: http.Agent;
  /** For responses that are read in bursts: its sockets read nothing ahead. @default agent */
  readonly burstAgent?: http.Agent;
}

/** What authenticates one request. */
export interface Credentials extends Agents {
  readonly headers: Readonly<Record<string, string>>;
}

/** Where the API server is and how to prove who asks. */
export interface Connection {
  /** Base URL, with a path when the server sits behind a prefix. */
  readonly server: URL;
  /** Namespace of the context. */
  readonly namespace: string;
  /** Credentials, at most a minute old; `fresh` reads their source again, for the request after a 401. */
  credentials(fresh?: boolean): Promise<Credentials>;
  /** Closes idle sockets. Requests under way are not cut. */
  close(): void;
}

/** Bearer tokens of service accounts rotate on disk; client-go reads them again each minute too. */
const maxAgeMs = 60_000;
/** A server that answers 401 to everything must not make each request read files or start a credential plugin. */
const minAgeMs = 1_000;

/**
 * Finds the API server through a kubeconfig or the pod's service account.
 *
 * `@kubernetes/client-node` is loaded on the first call, by `kube-config.ts`: it is heavy.
 * @throws KasmError when there is no usable configuration
 */
export async function loadConnection(options: ConnectionOptions = {}): Promise<Connection> {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded on the first call
  const { KubeConfig } = require('./kube-config') as typeof kubeConfig;
  return new KubeConfigConnection(() => load(new KubeConfig(), options));
}

function load(config: KubeConfig, { kubeconfig, context }: ConnectionOptions): KubeConfig {
  try {
    if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
    else config.loadFromDefault();
  } catch (error) {
    const file = kubeconfig ?? process.env['KUBECONFIG'] ?? '~/.kube/config';
    throw new KasmError(
      `Cannot read the kubeconfig ${file}: ${messageOf(error)}`,
      'Name another with --kubeconfig or KUBECONFIG',
      { cause: error },
    );
  }
  if (context !== undefined) {
    const known = config.getContexts().map(({ name }) => name);
    if (!known.includes(context)) {
      throw new KasmError(
        `The kubeconfig has no context ${JSON.stringify(context)}`,
        `It has: ${known.join(', ') || 'none'}`,
      );
    }
    config.setCurrentContext(context);
  }
  if (config.getCurrentCluster() === null) {
    throw new KasmError(
      'The kubeconfig names no cluster for its current context',
      'Choose a context with --context or `kubectl config use-context`',
    );
  }
  return config;
}

class KubeConfigConnection implements Connection {
  readonly server: URL;
  readonly namespace: string;
  private config: KubeConfig;
  private readAt = -Infinity;
  private current: Promise<Credentials> | undefined;
  private agents: Agents | undefined;
  private agentIdentity = '';

  constructor(private readonly load: () => KubeConfig) {
    this.config = load();
    this.server = parseServer(this.config.getCurrentCluster()?.server);
    this.namespace = this.config.getContextObject(this.config.getCurrentContext())?.namespace ?? 'default';
  }

  credentials(fresh = false): Promise<Credentials> {
    const age = performance.now() - this.readAt;
    if (this.current === undefined || age > maxAgeMs || (fresh && age > minAgeMs)) {
      this.readAt = performance.now();
      const attempt = this.read(fresh);
      this.current = attempt;
      // A failed read is not kept: the next request tries again.
      attempt.catch(() => {
        if (this.current === attempt) this.current = undefined;
      });
    }
    return this.current;
  }

  close(): void {
    this.agents?.agent.destroy();
    this.agents?.burstAgent?.destroy();
    this.agents = undefined;
    this.agentIdentity = '';
    this.current = undefined;
  }

  private async read(fresh: boolean): Promise<Credentials> {
    if (fresh) this.config = this.load();
    const options: https.RequestOptions = { headers: {} };
    try {
      await this.config.applyToHTTPSOptions(options);
      // What is no certificate or key would fail each request, with the words of OpenSSL.
      if (this.server.protocol === 'https:')
        createSecureContext({ ca: options.ca, cert: options.cert, key: options.key });
    } catch (cause) {
      throw new KasmError(
        `The kubeconfig's user ${JSON.stringify(this.config.getCurrentUser()?.name)} cannot be used: ${messageOf(cause)}`,
        'Correct its certificate, key, token or plugin, or choose another context with --context',
        { cause },
      );
    }
    const headers = Object.fromEntries(
      Object.entries(options.headers ?? {}).map(([name, value]) => [name, String(value).trim()]),
    );
    if (options.auth) headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
    return { ...this.agentsFor(options), headers };
  }

  /** The same keep-alive agents for as long as the TLS material stays the same. */
  private agentsFor(options: https.RequestOptions): Agents {
    const tls = {
      ca: options.ca,
      cert: options.cert,
      key: options.key,
      servername: options.servername,
      rejectUnauthorized: options.rejectUnauthorized ?? true,
    };
    const identity = JSON.stringify(tls, (_, value: unknown) =>
      Buffer.isBuffer(value) ? value.toString() : value,
    );
    if (this.agents !== undefined && identity === this.agentIdentity) return this.agents;
    this.agentIdentity = identity;
    // Kernel keep-alive probes end a connection to a machine that vanished, long before any timeout of ours.
    const keepAlive = { keepAlive: true, keepAliveMsecs: 15_000, maxFreeSockets: 64, timeout: 60_000 };
    const secure = this.server.protocol === 'https:';
    const make = (more: http.AgentOptions & { highWaterMark?: number }): http.Agent =>
      secure ? new https.Agent({ ...more, ...withoutUndefined(tls) }) : new http.Agent(more);
    const proxied = this.config.getCurrentCluster()?.proxyUrl !== undefined;
    return (this.agents = proxied
      ? { agent: options.agent as http.Agent }
      : { agent: make(keepAlive), burstAgent: make({ ...keepAlive, highWaterMark: 1 }) });
  }
}

function parseServer(server: string | undefined): URL {
  if (server !== undefined && URL.canParse(server)) return new URL(server);
  throw new KasmError(
    `The kubeconfig's server ${JSON.stringify(server)} is not a URL`,
    'Write it as https://host:port',
  );
}

function withoutUndefined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
