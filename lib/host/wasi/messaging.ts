import { consumer, type brokerMessage } from '../../lattice/interfaces/messaging';
import type { Js } from '../../lattice/wrpc/types';
import { isWitError, WitError, type HostImports } from '../engine/engine';
import type { Guest, LinkedFunction } from './guest';
import { callLinked } from './linked';

type Wire = Js<typeof brokerMessage>;
type MessagingError = { readonly tag: 'timeout' } | { readonly tag: 'other'; readonly val: string };

/** How long a component waits for a reply that it sets no time for, in milliseconds. */
const defaultTimeoutMs = 2_000;

/** `wasmcloud:messaging/types@0.3.0.message`. On the wire a message is what the older version of the interface has: neither of its extras. */
export class Message {
  private type: string | undefined;
  private extra: [string, string][] | undefined;

  constructor(
    private bytes: Uint8Array,
    private readonly received?: Wire,
  ) {}

  topic(): string | undefined {
    return this.received?.subject;
  }

  contentType(): string | undefined {
    return this.type;
  }

  setContentType(type: string): void {
    this.type = type;
  }

  data(): Uint8Array {
    return this.bytes;
  }

  setData(bytes: Uint8Array): void {
    this.bytes = bytes;
  }

  metadata(): [string, string][] | undefined {
    return this.extra;
  }

  addMetadata(key: string, value: string): void {
    (this.extra ??= []).push([key, value]);
  }

  setMetadata(metadata: [string, string][]): void {
    this.extra = metadata;
  }

  removeMetadata(key: string): void {
    this.extra = this.extra?.filter(([name]) => name !== key);
  }

  /** What is sent of it to a subject. */
  static wire(message: Message, guest: Guest, subject: string): Wire {
    if (message.type !== undefined || (message.extra?.length ?? 0) > 0) {
      guest.context.log(
        'warn',
        'Content type and metadata of a message are not sent: no provider takes them',
      );
    }
    return { subject, body: message.bytes, replyTo: undefined };
  }

  /** Where a reply to it goes. */
  static replyTo(message: Message): string | undefined {
    return message.received?.replyTo;
  }
}

/** `wasmcloud:messaging/types@0.3.0.client`: which provider it is, links say. */
class Client {
  static connect(): Client {
    return new Client();
  }

  disconnect(): void {}
}

/** `wasmcloud:messaging/request-reply@0.3.0.request-options`. */
class RequestOptions {
  timeoutMs = defaultTimeoutMs;
  expectedReplies = 1;

  setTimeoutMs(timeoutMs: number): void {
    this.timeoutMs = timeoutMs;
  }

  setExpectedReplies(expectedReplies: number): void {
    this.expectedReplies = expectedReplies;
  }
}

/** wasmcloud:messaging 0.3 by what providers serve, which is its version 0.2. */
export function messaging(guest: Guest): HostImports {
  const call = async (
    interfaceName: string,
    name: 'publish' | 'request',
    args: unknown[],
  ): Promise<unknown> => {
    const target: LinkedFunction = { interface: interfaceName, wireInterface: consumer.id, function: name };
    try {
      return await callLinked(guest, target, args);
    } catch (error) {
      if (!isWitError(error)) throw error;
      return refuse(String(error.payload));
    }
  };
  return {
    'wasmcloud:messaging/types': { Client, Message },
    'wasmcloud:messaging/producer': {
      async send(_: Client, topic: string, message: Message): Promise<void> {
        await call('wasmcloud:messaging/producer', 'publish', [Message.wire(message, guest, topic)]);
      },
    },
    'wasmcloud:messaging/request-reply': {
      RequestOptions,
      async request(
        _: Client,
        topic: string,
        message: Message,
        options: RequestOptions = new RequestOptions(),
      ): Promise<Message[]> {
        if (options.expectedReplies > 1) refuse('Only one reply can be waited for');
        const { body } = Message.wire(message, guest, topic);
        const args = [topic, body, options.timeoutMs];
        const reply = (await call('wasmcloud:messaging/request-reply', 'request', args)) as Wire;
        return [new Message(reply.body, reply)];
      },
      async reply(to: Message, message: Message): Promise<void> {
        const subject = Message.replyTo(to) ?? refuse('Nobody waits for a reply to this message');
        const wire = Message.wire(message, guest, subject);
        await call('wasmcloud:messaging/request-reply', 'publish', [wire]);
      },
    },
  };
}

function refuse(val: string): never {
  throw new WitError<MessagingError>({ tag: 'other', val });
}
