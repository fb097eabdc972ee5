import { isDeepStrictEqual } from 'node:util';
import type { Msg } from 'nats';
import { messageOf } from '../base/errors';
import type { LatticeConnection } from '../lattice/connection';
import { providerSubjects } from '../lattice/subjects';
import { type CallOptions, WrpcClient } from '../lattice/wrpc/client';
import type { CallContext } from '../lattice/wrpc/context';
import { WrpcServer } from '../lattice/wrpc/server';
import { type WitInterface, camelCase } from '../lattice/wrpc/types';
import type { LinkDefinition } from '../lattice/provider-contract';
import { type Link, type SecretKeys, type Secrets, readLink } from './link';
import { type LinkListener, Links } from './links';
import type { ArgumentsOf, Functions, Handlers, ReturnOf, Remote } from './typed';

/** What a provider answers when it is asked how it is. */
export interface Health {
  readonly healthy: boolean;
  /** Why not, for people. */
  readonly message?: string;
}

export interface ProviderCallOptions extends CallOptions {
  /** Name of the link that the call uses, which the target may see. */
  readonly linkName?: string | undefined;
}

/** Who this provider is, as `connect` found out. */
export interface ProviderIdentity {
  readonly lattice: string;
  readonly id: string;
  /** The host that started this process; undefined for a program that was started otherwise. */
  readonly hostId?: string | undefined;
  readonly config: Readonly<Record<string, string>>;
  readonly secrets: Secrets;
  readonly keys?: SecretKeys | undefined;
  readonly deadlineMs?: number | undefined;
  readonly maxConcurrent?: number | undefined;
}

/**
 * This program as a capability provider in a lattice: serves interfaces to components, calls what they export, and learns of the
 * links between them and itself. Made by {@link connect}.
 */
export class Provider {
  readonly lattice: string;
  readonly id: string;
  /** Secrets that the provider itself was given. */
  readonly secrets: Secrets;
  private readonly client: WrpcClient;
  private readonly server: WrpcServer;
  private readonly linkList: Links;
  private readonly configListeners: ((config: Readonly<Record<string, string>>) => unknown)[] = [];
  private healthCheck: () => Health | Promise<Health> = () => ({ healthy: true });
  private currentConfig: Readonly<Record<string, string>>;
  private closing: Promise<void> | undefined;
  private resolveClosed: () => void = () => undefined;
  /** Resolves once the provider has left the lattice: it was closed, or its host asked it to shut down. */
  readonly closed = new Promise<void>((resolve) => (this.resolveClosed = resolve));

  /** For `connect`. */
  constructor(
    private readonly connection: LatticeConnection,
    private readonly identity: ProviderIdentity,
  ) {
    const { lattice, id, deadlineMs, maxConcurrent } = identity;
    this.lattice = lattice;
    this.id = id;
    this.secrets = identity.secrets;
    this.currentConfig = identity.config;
    this.linkList = new Links(connection.log);
    const headers = { 'source-id': id };
    this.client = new WrpcClient(connection, { headers, ...(deadlineMs !== undefined && { deadlineMs }) });
    this.server = new WrpcServer(connection, {
      lattice,
      id,
      ...(maxConcurrent !== undefined && { maxConcurrent }),
    });
  }

  /** Configuration that the provider itself was given; it changes while the provider runs. */
  get config(): Readonly<Record<string, string>> {
    return this.currentConfig;
  }

  /** Every link that has this provider as its source or its target. */
  get links(): readonly Link[] {
    return this.linkList.all;
  }

  /** Whether NATS can be reached now. */
  get connected(): boolean {
    return this.connection.connected;
  }

  /**
   * Serves an interface to every component that is linked to this provider.
   *
   * @throws WrpcError when one of the functions is served already.
   * @example
   * import { connect, interfaces } from 'kasmcloud/provider';
   *
   * const values = new Map<string, Uint8Array>();
   * const provider = await connect({ nats: 'nats://127.0.0.1:4222', lattice: 'default', id: 'memory' });
   * provider.serve(interfaces.keyvalue.store, {
   *   get: (bucket, key) => values.get(`${bucket}/${key}`),
   *   set: (bucket, key, value) => void values.set(`${bucket}/${key}`, value),
   * });
   */
  serve<I extends WitInterface>(served: I, handlers: Handlers<I['functions']>): void {
    for (const [name, signature] of Object.entries(served.functions)) {
      const handler = (handlers as Record<string, ((...args: unknown[]) => unknown) | undefined>)[
        camelCase(name)
      ];
      if (handler) this.server.serve(served.id, name, signature, (...args) => handler.apply(handlers, args));
    }
  }

  /**
   * The functions of a component or another provider, ready to be called.
   *
   * @example
   * import { connect, interfaces } from 'kasmcloud/provider';
   *
   * const provider = await connect({ nats: 'nats://127.0.0.1:4222', lattice: 'default', id: 'caller' });
   * const store = provider.target('memory', interfaces.keyvalue.store);
   * await store.set('bucket', 'key', Buffer.from('value'));
   */
  target<F extends Functions>(
    id: string,
    called: WitInterface<F>,
    options: ProviderCallOptions = {},
  ): Remote<F> {
    return Object.fromEntries(
      Object.keys(called.functions).map((name) => {
        const run = this.bind(id, called, name, options);
        return [camelCase(name), (...args: unknown[]) => run(args, options)];
      }),
    ) as unknown as Remote<F>;
  }

  /**
   * Calls one function of a component or another provider, by its WIT name.
   *
   * @throws WitError for the `err` of the function's result; WrpcError when there is no result, with a reason.
   */
  call<F extends Functions, N extends keyof F & string>(
    target: string,
    called: WitInterface<F>,
    name: N,
    args: ArgumentsOf<F, N>,
    options: ProviderCallOptions = {},
  ): Promise<ReturnOf<F, N>> {
    return this.bind(target, called, name, options)(args, options) as Promise<ReturnOf<F, N>>;
  }

  /** The link over which a call came, for its configuration; undefined when the caller has none with this provider. */
  linkOf(context: CallContext): Link | undefined {
    return this.linkList.from(context.source, context.linkName);
  }

  /** Tells of every link there is, and of every one that comes or changes, one at a time. */
  onLinkPut(listener: LinkListener): void {
    this.linkList.onPut(listener);
  }

  /** Tells of every link that goes. */
  onLinkDeleted(listener: LinkListener): void {
    this.linkList.onDeleted(listener);
  }

  /** Tells of every change of {@link config}. */
  onConfig(listener: (config: Readonly<Record<string, string>>) => unknown): void {
    this.configListeners.push(listener);
  }

  /** Answers hosts that ask how the provider is; without it, it is healthy as long as it answers. */
  onHealthCheck(check: () => Health | Promise<Health>): void {
    this.healthCheck = check;
  }

  /**
   * Leaves the lattice: takes no more calls, lets running ones finish for up to `graceMs`, and closes the connection.
   * Safe to call more than once.
   */
  close(graceMs = 30_000): Promise<void> {
    this.closing ??= this.leave(graceMs);
    return this.closing;
  }

  /** For `connect`: listens to the host before anything is served. */
  async start(definitions: readonly LinkDefinition[]): Promise<void> {
    for (const definition of definitions) this.putLink(definition);
    const { lattice, id, identity } = this;
    const publicKey = identity.keys?.provider.publicKey;
    // Hosts with keys send links to the key; older ones, and those without secrets, to the id.
    if (publicKey !== undefined) {
      this.listen(providerSubjects.linkPut(lattice, publicKey), (message) => this.putLink(message.json()));
    }
    this.listen(providerSubjects.linkPut(lattice, id), (message) => this.putLink(message.json()));
    this.listen(providerSubjects.linkDelete(lattice, id), (message) => {
      this.linkList.delete(readLink(message.json<LinkDefinition>(), undefined));
    });
    this.listen(providerSubjects.configUpdate(lattice, id), (message) => this.updateConfig(message.json()));
    this.listen(providerSubjects.health(lattice, id), (message) => this.answerHealth(message));
    this.listen(providerSubjects.shutdown(lattice, id), (message) => this.shutdown(message));
    await this.connection.nats.flush();
    await this.linkList.settled();
  }

  private bind<F extends Functions>(
    target: string,
    called: WitInterface<F>,
    name: string,
    { linkName }: ProviderCallOptions,
  ): ReturnType<WrpcClient['bind']> {
    const signature = called.functions[name];
    if (signature === undefined) throw new TypeError(`${called.id} has no function ${name}`);
    const headers = { 'target-id': target, ...(linkName !== undefined && { 'link-name': linkName }) };
    return this.client.bind({ lattice: this.lattice, id: target }, called.id, name, signature, headers);
  }

  /** A message that cannot be handled is logged: nothing that a host sends may end the provider. */
  private listen(subject: string, handle: (message: Msg) => void | Promise<void>): void {
    const failed = (error: unknown): void =>
      this.connection.log.error(
        { subject, error: messageOf(error) },
        'Message of a host could not be handled',
      );
    this.connection.nats.subscribe(subject, {
      callback: (error, message) => {
        if (error) return failed(error);
        Promise.resolve()
          .then(() => handle(message))
          .catch(failed);
      },
    });
  }

  private putLink(definition: LinkDefinition): void {
    this.linkList.put(readLink(definition, this.identity.keys));
  }

  private async updateConfig(config: Readonly<Record<string, string>>): Promise<void> {
    if (isDeepStrictEqual(config, this.currentConfig)) return;
    this.currentConfig = config;
    for (const listener of this.configListeners) await listener(config);
  }

  private async answerHealth(message: Msg): Promise<void> {
    let health: Health;
    try {
      health = await this.healthCheck();
    } catch (error) {
      health = { healthy: false, message: messageOf(error) };
    }
    message.respond(JSON.stringify(health));
  }

  /** Several hosts may run the same provider: only the one that started this process may stop it. */
  private async shutdown(message: Msg): Promise<void> {
    const { host_id: hostId } = message.json<{ host_id?: string }>();
    if (this.identity.hostId === undefined || hostId !== this.identity.hostId) return;
    await this.server.drain(shutdownGraceMs);
    message.respond('shutting down');
    await this.close();
  }

  private async leave(graceMs: number): Promise<void> {
    await this.server.drain(graceMs);
    await this.connection.close();
    this.resolveClosed();
  }
}

/** Hosts of wasmCloud wait 300 ms for the answer unless told otherwise. */
const shutdownGraceMs = 250;
