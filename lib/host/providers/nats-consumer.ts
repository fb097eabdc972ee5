import type { Consumer, ConsumerMessages, JsMsg } from 'nats';
import { Backoff } from '../../base/backoff';
import { messageOf } from '../../base/errors';
import type { Logger } from '../../base/log';
import { sleep, within } from '../../base/sleep';
import type { LatticeConnection } from '../../lattice/connection';
import { invalid } from './settings';

/** Messages that are handled at a time, unless the link says less: as many as of a subscription. */
const maxRunning = 75;
/** How often the server is told that a message is being handled still. */
const workingMs = 5_000;
const maxRetryMs = 30_000;

/** A consumer of JetStream, as a link names it. */
export interface ConsumerSettings {
  readonly stream: string;
  readonly consumer: string;
  /** Messages that are handled at a time. */
  readonly maxMessages: number;
}

/** A durable consumer of JetStream, whose messages are handled at least once: what fails is delivered again, later each time. */
export class NatsConsumer {
  private readonly stopping = new AbortController();
  private readonly running = new Set<Promise<void>>();
  private readonly over: Promise<void>;

  private constructor(
    first: Consumer,
    private readonly find: () => Promise<Consumer>,
    private readonly settings: ConsumerSettings,
    private readonly log: Logger,
    private readonly handle: (message: JsMsg) => Promise<void>,
  ) {
    this.over = this.follow(first);
  }

  /** @throws NatsError when there is no such consumer, or no JetStream */
  static async open(
    { nats }: LatticeConnection,
    settings: ConsumerSettings,
    log: Logger,
    handle: (message: JsMsg) => Promise<void>,
  ): Promise<NatsConsumer> {
    const find = (): Promise<Consumer> => nats.jetstream().consumers.get(settings.stream, settings.consumer);
    return new NatsConsumer(await find(), find, settings, log, handle);
  }

  get open(): boolean {
    return !this.stopping.signal.aborted;
  }

  /** Takes no more messages, and lets those that are being handled end for as long as `graceMs`; the server keeps the others. */
  async close(graceMs: number): Promise<void> {
    this.stopping.abort();
    await within(graceMs, this.over);
  }

  private async follow(first: Consumer): Promise<void> {
    const { signal } = this.stopping;
    const backoff = new Backoff({ minMs: 500, maxMs: maxRetryMs });
    let consumer: Consumer | undefined = first;
    while (!signal.aborted) {
      try {
        consumer ??= await this.find();
        const messages = await consumer.consume({ max_messages: this.settings.maxMessages });
        await this.take(messages, signal, () => backoff.reset());
      } catch (error) {
        const { stream, consumer: name } = this.settings;
        this.log.warn({ stream, consumer: name, error: messageOf(error) }, 'Consumer of a stream broke off');
      }
      consumer = undefined;
      await sleep(signal.aborted ? 0 : backoff.next(), signal).catch(() => undefined);
    }
    await Promise.all(this.running);
  }

  private async take(messages: ConsumerMessages, signal: AbortSignal, arrived: () => void): Promise<void> {
    const stop = (): void => messages.stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const message of messages) {
        if (signal.aborted) return message.nak();
        arrived();
        const run = this.run(message).finally(() => this.running.delete(run));
        this.running.add(run);
        if (this.running.size >= this.settings.maxMessages) await Promise.race(this.running);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      messages.stop();
    }
  }

  private async run(message: JsMsg): Promise<void> {
    const { subject, info } = message;
    const working = setInterval(() => message.working(), workingMs);
    try {
      await this.handle(message);
      message.ack();
    } catch (error) {
      this.log.warn({ subject, error: messageOf(error) }, 'Message was not handled, it will come again');
      message.nak(Math.min(maxRetryMs, 500 * 2 ** Math.min(info.redeliveryCount, 10)));
    } finally {
      clearInterval(working);
    }
  }
}

/**
 * Reads `consumers` of a link as wasmCloud's provider does: a JSON list of `{"stream": "…", "consumer": "…", "max_messages": 10}`.
 * @throws TerminalError `InvalidLinkConfig`
 */
export function parseConsumers(text = '[]'): ConsumerSettings[] {
  const wrong = (): Error =>
    invalid(
      'consumers',
      text,
      'is no list of consumers',
      'Write [{"stream": "ORDERS", "consumer": "worker"}]',
    );
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw wrong();
  }
  if (!Array.isArray(list)) throw wrong();
  return list.map((each: Readonly<Record<string, unknown>>) => {
    const { stream, consumer, max_messages: most = maxRunning, ...others } = each ?? {};
    const isName = (name: unknown): name is string => typeof name === 'string' && /^[^\s.*>]+$/.test(name);
    const isCount = Number.isInteger(most) && (most as number) > 0;
    if (!isName(stream) || !isName(consumer) || !isCount || Object.keys(others).length > 0) throw wrong();
    return { stream, consumer, maxMessages: Math.min(most as number, maxRunning) };
  });
}
