import type { Msg, NatsConnection } from 'nats';
import { messageOf } from '../../base/errors';
import type { LatticeConnection } from '../connection';
import type { Deferred } from './coding';
import { WrpcError } from './errors';
import { statusOf } from './headers';

/** Bytes written between two waits for the other side. */
const windowBytes = 256 << 10;
/** Confirmations that may be outstanding: one is on its way while the next window is written. */
const windows = 2;
/** How long a peer may take to read a window. */
const confirmMs = 300_000;

const end = new Uint8Array(0);

/** The largest payload that the server takes; the server says so when it is connected. */
export function maxPayload(nats: NatsConnection): number {
  return nats.info?.max_payload ?? 1 << 20;
}

/** Publishes `bytes` from `start` on, in as many messages as it takes. */
export function publishAll(nats: NatsConnection, subject: string, bytes: Uint8Array, start = 0): void {
  const size = maxPayload(nats);
  for (let at = start; at < bytes.length; at += size) nats.publish(subject, bytes.subarray(at, at + size));
}

/** Ends a channel: an empty message. */
export function publishEnd(nats: NatsConnection, subject: string): void {
  nats.publish(subject, end);
}

/** Sends what a value deferred, each to its channel, no faster than the other side takes it. */
export class Outgoing {
  private readonly windows = new Set<Window>();
  private stopped: WrpcError | undefined;

  constructor(
    private readonly connection: LatticeConnection,
    /** `<peer's address>.params` or `.results`. */
    private readonly base: string,
    /** Whether the peer confirms what it has read; else only NATS itself is waited for. */
    private readonly confirmed: boolean,
  ) {}

  /** Resolves when all are sent; a source that throws ends its channel early, and only that. */
  async send(deferred: readonly Deferred[]): Promise<void> {
    const forget = this.connection.onConnected((up) => {
      if (!up) this.stop(new WrpcError('Disconnected', 'NATS was lost while a stream was sent'));
    });
    await Promise.all(deferred.map((value) => this.sendOne(value)));
    forget();
  }

  /** Nothing more is sent; sources are closed, and the other side sees its streams end early. */
  stop(error: WrpcError): void {
    this.stopped ??= error;
    for (const window of this.windows) window.fail(error);
  }

  private async sendOne(value: Deferred): Promise<void> {
    const { nats, log } = this.connection;
    const subject = `${this.base}.${value.path}`;
    const window = this.confirmed ? new Window(this.connection) : undefined;
    if (window) this.windows.add(window);
    let written = 0;
    try {
      await value.send(async (bytes) => {
        if (this.stopped) throw this.stopped;
        written += bytes.length;
        if (written < windowBytes) return publishAll(nats, subject, bytes);
        written = 0;
        const last = bytes.length - Math.min(bytes.length, maxPayload(nats));
        publishAll(nats, subject, bytes.subarray(0, last));
        nats.publish(subject, bytes.subarray(last), window ? { reply: window.next() } : {});
        await (window ? window.room() : nats.flush());
      });
    } catch (error) {
      if (!(error instanceof NothingWanted)) {
        log.warn({ subject, error: messageOf(error) }, 'Stream ended early');
      }
    } finally {
      window?.close();
      if (window) this.windows.delete(window);
    }
    // After a gap the other side might take any byte for the end; without the empty message it knows that something is missing.
    if (this.stopped?.reason !== 'Disconnected' && this.connection.connected) publishEnd(nats, subject);
  }
}

class NothingWanted extends Error {}

/** Counts the confirmations that are outstanding on one channel. */
class Window {
  private readonly address: string;
  private outstanding = 0;
  private error: Error | undefined;
  private wake: (() => void) | undefined;

  constructor(private readonly connection: LatticeConnection) {
    this.address = connection.inbox.open(this);
  }

  /** Where the peer confirms the message that is sent now. */
  next(): string {
    this.outstanding++;
    return this.address;
  }

  receive(_channel: string, message: Msg): void {
    if (statusOf(message) === 503) this.fail(new WrpcError('Disconnected', 'The reader of a stream is gone'));
    else if (message.data.length > 0) this.fail(new NothingWanted());
    else {
      this.outstanding--;
      this.wake?.();
    }
  }

  fail(error: Error): void {
    this.error ??= error;
    this.wake?.();
  }

  /** Resolves when the peer is close enough behind. */
  async room(): Promise<void> {
    while (!this.error && this.outstanding >= windows) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        timer = setTimeout(() => {
          this.fail(new WrpcError('DeadlineExceeded', `A stream was not read for ${confirmMs / 1000} s`));
        }, confirmMs);
      });
      clearTimeout(timer);
      this.wake = undefined;
    }
    if (this.error) throw this.error;
  }

  close(): void {
    this.connection.inbox.release(this.address);
  }
}
