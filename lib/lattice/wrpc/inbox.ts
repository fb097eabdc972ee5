import { type Msg, type NatsConnection, type Subscription, nuid } from 'nats';
import { messageOf } from '../../base/errors';
import type { LatticeLogger } from '../logger';
import { Budget } from './channel';
import { WrpcError } from './errors';
import { confirm } from './headers';

/** One call's end of the inbox. */
export interface Receiver {
  /** `channel` is what follows the call's address: empty, `results`, `params.0.1`, … */
  receive(channel: string, message: Msg): void;
  /** Messages may have been lost; nothing more will arrive. */
  fail(error: WrpcError): void;
}

/**
 * How the addresses of this implementation start; no other makes such. Two peers that see it in each other's address leave out
 * what both can do without, and confirm what they read of streams:
 *
 * - a server that has all parameters sends no acceptance, and no end behind a result of one message of up to `eagerBytes`;
 * - a failure is a status on the caller's address, which a function without a result can have, too;
 * - a message of a stream that carries a reply address is confirmed there once it was read.
 */
const peerPrefix = '_INBOX.kasm-';

/** Whether an address belongs to a peer of this implementation. */
export function isPeer(address: string): boolean {
  return address.startsWith(peerPrefix);
}

/** A first message of up to this size is decoded at once, without waiting for the end that follows it. */
export const eagerBytes = 65_536;

/** What all calls of one connection may hold of messages that were not read yet. */
const maxUnreadBytes = 512 << 20;

/**
 * The replies of all calls on one connection: one wildcard subscription, and a map from the call to its receiver. A subscription
 * a call would cost the server more than the call itself.
 */
export class Inbox {
  readonly budget = new Budget(maxUnreadBytes);
  private readonly prefix = `${peerPrefix}${nuid.next()}.`;
  /** An address that nobody listens to, for peers that insist on sending what is not needed. */
  readonly nowhere = `${peerPrefix}${nuid.next()}.0`;
  private readonly receivers = new Map<string, Receiver>();
  private readonly subscription: Subscription;
  private count = 0;

  constructor(
    private readonly nats: NatsConnection,
    private readonly log: LatticeLogger,
  ) {
    this.subscription = nats.subscribe(`${this.prefix}>`, {
      callback: (error, message) => {
        if (error) log.error({ error: messageOf(error) }, 'NATS refused the inbox');
        else this.dispatch(message);
      },
    });
  }

  /** A fresh address whose messages, and those below it, go to `receiver` until it is closed. */
  open(receiver: Receiver): string {
    const id = (this.count++).toString(36);
    this.receivers.set(id, receiver);
    return this.prefix + id;
  }

  release(address: string): void {
    this.receivers.delete(address.slice(this.prefix.length));
  }

  /** How many calls are open. */
  get size(): number {
    return this.receivers.size;
  }

  /** The connection broke: a gap in a byte stream cannot be seen, so no open call may go on. */
  disconnected(): void {
    this.failAll(new WrpcError('Disconnected', 'NATS was lost during the call'));
  }

  close(): void {
    this.failAll(new WrpcError('Aborted', 'The connection to the lattice was closed during the call'));
    this.subscription.unsubscribe();
  }

  private failAll(error: WrpcError): void {
    const open = [...this.receivers.values()];
    this.receivers.clear();
    for (const receiver of open) receiver.fail(error);
  }

  private dispatch(message: Msg): void {
    const { subject } = message;
    const start = this.prefix.length;
    const dot = subject.indexOf('.', start);
    const receiver = this.receivers.get(dot < 0 ? subject.slice(start) : subject.slice(start, dot));
    if (receiver === undefined) {
      // Messages of a call that is over, and writers' stray ends, are part of the protocol; a waiting writer is told.
      if (dot >= 0 && message.reply) confirm(this.nats, message.reply, false);
      return;
    }
    try {
      receiver.receive(dot < 0 ? '' : subject.slice(dot + 1), message);
    } catch (error) {
      // An exception here would end the client's reading of the socket, and with it every other call.
      this.log.error({ subject, error: messageOf(error) }, 'Message of a call could not be handled');
      receiver.fail(new WrpcError('Malformed', `A message could not be handled: ${messageOf(error)}`));
    }
  }
}
