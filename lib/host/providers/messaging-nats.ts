import { ErrorCode, type NatsConnection, NatsError } from 'nats';
import { KasmError, messageOf, TerminalError } from '../../base/errors';
import type { Logger } from '../../base/log';
import type { LatticeConnection } from '../../lattice/connection';
import { type brokerMessage, consumer } from '../../lattice/interfaces/messaging';
import { WitError } from '../../lattice/wrpc/errors';
import type { Js } from '../../lattice/wrpc/types';
import { hostConnectionOnly } from './nats-config';
import { type ConsumerSettings, NatsConsumer, parseConsumers } from './nats-consumer';
import { checkPublished, parseSubscriptions, type Subscribed } from './nats-subjects';
import { NatsSubscription } from './nats-subscription';
import { knownSettings, lowerCased, type Settings } from './settings';
import { type InterfaceService, served, serviceOf } from './typed-service';

export type BrokerMessage = Js<typeof brokerMessage>;

/** A link from the provider to a component that handles messages. */
export interface MessagingLink {
  /** `namespace/name` of the WasmCloudLink. */
  readonly name: string;
  readonly target: string;
  readonly sourceConfig: Readonly<Record<string, string>>;
}

export interface MessagingNatsOptions<L extends MessagingLink> {
  /** The host's connection to NATS; `undefined` until there is one. */
  readonly connection: () => LatticeConnection | undefined;
  /** Hands a message to the component that a link leads to; rejects when that did not handle it. */
  readonly deliver: (link: L, message: BrokerMessage) => Promise<void>;
  readonly log: Logger;
}

/** Where messages for a component come from. */
type Source = Pick<NatsSubscription, 'open' | 'close'>;

/** What links to components may set. */
const sourceSettings = ['subscriptions', 'consumers'];
/** Longest time to wait for a reply, whatever a component asks for. */
const maxRequestMs = 600_000;
/** How long messages of a subscription that is no longer linked may still be handled. */
const unlinkGraceMs = 30_000;

/**
 * The built-in messaging provider, on the host's own connection to NATS. Links from it to components subscribe, with `subscriptions` as
 * for wasmCloud's provider: `orders.*,tasks|workers` is two, the second shared by the queue group `workers`; or take what `consumers` of
 * JetStream keep (`parseConsumers`). Components linked to it publish and request.
 */
export class MessagingNats<L extends MessagingLink = MessagingLink> {
  /** What components call. */
  readonly service: InterfaceService;
  /** Links are set one after another. */
  private applied: Promise<void> = Promise.resolve();
  private readonly sources = new Map<string, { link: L; readonly active: Source }>();

  constructor(private readonly options: MessagingNatsOptions<L>) {
    this.service = serviceOf(
      served(consumer, {
        publish: (_, message) => this.sending(message, (nats) => publish(nats, message)),
        request: (_, subject, body, timeoutMs) =>
          this.sending({ subject, body, replyTo: undefined }, (nats) =>
            request(nats, subject, body, timeoutMs),
          ),
      }),
    );
  }

  /**
   * Makes it subscribe to exactly what these links say; what can be done is done.
   * @throws TerminalError `InvalidLinkConfig`, or KasmError while NATS is away, with the first thing that could not be done
   */
  setLinks(links: readonly L[]): Promise<void> {
    const applied = this.applied.then(() => this.apply(links));
    this.applied = applied.catch(() => undefined);
    return applied;
  }

  /** Takes no more messages, and lets those that have arrived be handled for as long as `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    await this.applied;
    const all = [...this.sources.values()];
    this.sources.clear();
    await Promise.all(all.map(({ active }) => active.close(graceMs)));
  }

  private async apply(links: readonly L[]): Promise<void> {
    const failures: unknown[] = [];
    const wanted = new Map<string, { link: L; begin: (current: () => L) => Source | Promise<Source> }>();
    for (const link of links) {
      try {
        const { subscriptions = '', consumers } = messagingSettings(link.sourceConfig, sourceSettings);
        const want = (
          of: Subscribed | ConsumerSettings,
          begin: (current: () => L) => Source | Promise<Source>,
        ) => wanted.set(JSON.stringify([link.name, link.target, of]), { link, begin });
        for (const each of parseSubscriptions(subscriptions)) want(each, (to) => this.subscribe(each, to));
        for (const each of parseConsumers(consumers)) want(each, (to) => this.consume(each, to));
      } catch (error) {
        failures.push(inLink(link, error));
      }
    }
    for (const [key, { active }] of this.sources) {
      if (wanted.has(key) && active.open) continue;
      this.sources.delete(key);
      void active.close(unlinkGraceMs);
    }
    for (const [key, { link, begin }] of wanted) {
      const known = this.sources.get(key);
      if (known !== undefined) known.link = link;
      else {
        try {
          const active = await begin(() => this.sources.get(key)?.link ?? link);
          this.sources.set(key, { link, active });
        } catch (error) {
          failures.push(inLink(link, error));
        }
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  private subscribe({ subject, queue }: Subscribed, current: () => L): Source {
    const { deliver, log } = this.options;
    return new NatsSubscription(this.connection(), { subject, queue, log }, ({ subject, data, reply }) =>
      deliver(current(), { subject, body: data, replyTo: reply || undefined }),
    );
  }

  private consume(settings: ConsumerSettings, current: () => L): Promise<Source> {
    const { deliver, log } = this.options;
    return NatsConsumer.open(this.connection(), settings, log, ({ subject, data }) =>
      deliver(current(), { subject, body: data, replyTo: undefined }),
    );
  }

  private async sending<T>(
    message: BrokerMessage,
    send: (nats: NatsConnection) => T | Promise<T>,
  ): Promise<T> {
    try {
      checkPublished(message.subject);
      if (message.replyTo !== undefined) checkPublished(message.replyTo);
      return await send(this.connection().nats);
    } catch (error) {
      throw new WitError(messageOf(error));
    }
  }

  private connection(): LatticeConnection {
    const connection = this.options.connection();
    if (connection?.connected === true) return connection;
    throw new KasmError('The host is not connected to NATS');
  }
}

/**
 * The settings, by names in lower case.
 * @throws TerminalError `InvalidLinkConfig` for one that would go unheard
 */
export function messagingSettings(given: Settings, known: readonly string[]): Settings {
  const config = lowerCased(given);
  hostConnectionOnly(config);
  knownSettings(config, known);
  return config;
}

function publish(nats: NatsConnection, { subject, body, replyTo }: BrokerMessage): void {
  nats.publish(subject, body, replyTo === undefined ? undefined : { reply: replyTo });
}

async function request(
  nats: NatsConnection,
  subject: string,
  body: Uint8Array,
  timeoutMs: number,
): Promise<BrokerMessage> {
  const timeout = Math.min(Math.max(1, timeoutMs), maxRequestMs);
  try {
    const answer = await nats.request(subject, body, { timeout });
    return { subject: answer.subject, body: answer.data, replyTo: answer.reply || undefined };
  } catch (error) {
    if (!(error instanceof NatsError)) throw error;
    if (error.code === (ErrorCode.NoResponders as string))
      throw new KasmError(`Nobody listens on ${subject}`);
    if (error.code === (ErrorCode.Timeout as string)) {
      throw new KasmError(`No reply from ${subject} within ${timeout} ms`);
    }
    throw error;
  }
}

function inLink({ name }: MessagingLink, error: unknown): unknown {
  if (!(error instanceof TerminalError)) return error;
  return new TerminalError(error.reason, `link ${name}: sourceConfig: ${error.message}`, undefined, {
    cause: error.cause,
  });
}
