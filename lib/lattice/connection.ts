import { readFileSync } from 'node:fs';
import {
  type Authenticator,
  type ConnectionOptions,
  Events,
  type NatsConnection,
  connect,
  credsAuthenticator,
  jwtAuthenticator,
  nkeyAuthenticator,
} from 'nats';
import { Backoff } from '../base/backoff';
import { KasmError, messageOf } from '../base/errors';
import { sleep } from '../base/sleep';
import { type LatticeLogger, silentLogger } from './logger';
import { Inbox } from './wrpc/inbox';

/** How to prove who we are to NATS; at most one of `credentialsFile`, `seed` (with or without `jwt`) and `user`. */
export interface NatsCredentials {
  /** Path of a `.creds` file; read again at each connection, so it may be rotated. */
  readonly credentialsFile?: string;
  /** Seed of a user nkey (SU…). */
  readonly seed?: string;
  /** User JWT that belongs to `seed`. */
  readonly jwt?: string;
  readonly user?: string;
  readonly password?: string;
}

export interface LatticeConnectionOptions extends NatsCredentials {
  /** One or more NATS URLs, `nats://host:4222` or `tls://host:4222`. */
  readonly servers: string | readonly string[];
  /** Name shown in the server's monitoring. @default kasmcloud */
  readonly name?: string;
  /** Paths of PEM files; read again at each connection. `ca` alone is TLS, with `cert` and `key` it is mutual TLS. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** How long to try to reach NATS for the first time, in milliseconds; `Infinity` never gives up. @default 30000 */
  readonly firstConnectMs?: number;
  /** Ends the wait for the first connection. */
  readonly signal?: AbortSignal;
  readonly log?: LatticeLogger;
}

/**
 * A connection to NATS that lasts: it reconnects for ever with jitter, notices a half-open socket within 30 s, and says whether
 * it is connected. Subscriptions survive; calls in flight when it breaks fail at once, because their messages may be lost.
 */
export class LatticeConnection {
  /** One wildcard subscription for the replies of all calls on this connection. */
  readonly inbox: Inbox;
  private readonly listeners = new Set<(connected: boolean) => void>();
  private up = true;

  private constructor(
    readonly nats: NatsConnection,
    readonly log: LatticeLogger,
    private readonly owned: boolean,
  ) {
    this.inbox = new Inbox(nats, log);
    void this.follow();
  }

  /** @throws KasmError when NATS was not reached within `firstConnectMs`, with the last reason. */
  static async connect(options: LatticeConnectionOptions): Promise<LatticeConnection> {
    const log = options.log ?? silentLogger;
    const given = natsOptions(options);
    const started = Date.now();
    const backoff = new Backoff({ minMs: 100, maxMs: 5_000 });
    for (;;) {
      try {
        return new LatticeConnection(await connect(given), log, true);
      } catch (cause) {
        const delay = backoff.next();
        if (Date.now() - started + delay > (options.firstConnectMs ?? 30_000)) {
          throw new KasmError(
            `NATS at ${String(options.servers)} cannot be reached: ${messageOf(cause)}`,
            'Check the URL, that the server runs, and the TLS files and credentials',
            { cause },
          );
        }
        log.warn({ servers: options.servers, error: messageOf(cause) }, 'NATS not reached, trying again');
        await sleep(delay, options.signal);
      }
    }
  }

  /** Uses a connection that somebody else opened and will close. */
  static of(nats: NatsConnection, log: LatticeLogger = silentLogger): LatticeConnection {
    return new LatticeConnection(nats, log, false);
  }

  /** Whether messages can be sent now. */
  get connected(): boolean {
    return this.up && !this.nats.isClosed();
  }

  /** Tells each change of `connected`; returns a function that ends it. */
  onConnected(listener: (connected: boolean) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Lets subscriptions finish what has arrived, sends what is buffered, and closes; a borrowed connection stays open. */
  async close(): Promise<void> {
    this.inbox.close();
    if (!this.owned || this.nats.isClosed()) return;
    // Draining waits for the server's answer, which never comes while it is away.
    await (this.connected ? this.nats.drain() : this.nats.close());
  }

  private async follow(): Promise<void> {
    for await (const { type, data } of this.nats.status()) {
      if (type === Events.Disconnect) {
        this.change(false);
        this.log.warn({ server: data }, 'NATS connection lost');
      } else if (type === Events.Reconnect) {
        this.change(true);
        this.log.info({ server: data }, 'NATS connection restored');
      } else if (type === Events.Error) {
        this.log.error({ error: data }, 'NATS refused an operation');
      }
    }
    this.change(false);
  }

  private change(connected: boolean): void {
    if (this.up === connected) return;
    this.up = connected;
    if (!connected) this.inbox.disconnected();
    for (const listener of this.listeners) listener(connected);
  }
}

function natsOptions(options: LatticeConnectionOptions): ConnectionOptions {
  const { ca, cert, key } = options.tls ?? {};
  const backoff = new Backoff({ minMs: 100, maxMs: 5_000 });
  let lastAsked = 0;
  return {
    servers: typeof options.servers === 'string' ? options.servers : [...options.servers],
    name: options.name ?? 'kasmcloud',
    maxReconnectAttempts: -1,
    // Rotated credentials are refused until the new ones arrive: that must not end the connection.
    ignoreAuthErrorAbort: true,
    // The client asks before every attempt; a pause longer than the longest delay means that it was connected since.
    reconnectDelayHandler: () => {
      const now = Date.now();
      if (now - lastAsked > 15_000) backoff.reset();
      lastAsked = now;
      return backoff.next();
    },
    timeout: 5_000,
    pingInterval: 10_000,
    maxPingOut: 2,
    noAsyncTraces: true,
    ...(options.tls && {
      tls: { ...(ca && { caFile: ca }), ...(cert && { certFile: cert }), ...(key && { keyFile: key }) },
    }),
    ...(options.user !== undefined && { user: options.user, pass: options.password ?? '' }),
    ...authenticator(options),
  };
}

function authenticator(options: LatticeConnectionOptions): { authenticator?: Authenticator } {
  const { credentialsFile, seed, jwt, user } = options;
  const ways = [credentialsFile, seed, user].filter((way) => way !== undefined).length;
  if (ways > 1 || (jwt !== undefined && seed === undefined)) {
    throw new KasmError(
      'NATS credentials are ambiguous: more than one of credentialsFile, seed and user, or a jwt without its seed',
      'Give one way to authenticate',
    );
  }
  if (credentialsFile !== undefined) {
    return { authenticator: credsAuthenticator(() => readFileSync(credentialsFile)) };
  }
  if (seed === undefined) return {};
  const secret = new TextEncoder().encode(seed);
  return { authenticator: jwt === undefined ? nkeyAuthenticator(secret) : jwtAuthenticator(jwt, secret) };
}
