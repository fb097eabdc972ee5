import type { Msg, NatsConnection } from 'nats';
import { type Budget, ByteChannel } from './channel';
import type { Limits } from './coding';
import { WrpcError } from './errors';
import { confirm } from './headers';

/** Paths that a peer can make us remember before we know which are expected. */
const maxChannels = 4096;

/** The part of a value that comes first, put together from its messages. */
export class SyncPart {
  private readonly pieces: Uint8Array[] = [];
  private size = 0;

  constructor(
    private readonly limits: Limits,
    private readonly budget: Budget,
  ) {}

  /** Adds a message; gives all bytes once the empty one has come. @throws WrpcError TooLarge */
  push(bytes: Uint8Array): Uint8Array | undefined {
    if (bytes.length === 0) {
      this.drop();
      return this.pieces.length === 1 ? this.pieces[0] : Buffer.concat(this.pieces);
    }
    if (this.size + bytes.length > this.limits.maxValueBytes || !this.budget.take(bytes.length)) {
      throw new WrpcError(
        'TooLarge',
        `A value of more than ${this.size} bytes arrives`,
        'Send it as a stream, or raise maxValueBytes',
      );
    }
    this.size += bytes.length;
    this.pieces.push(bytes);
    return undefined;
  }

  /** Gives back what the pieces took of the budget. */
  drop(): void {
    this.budget.give(this.size);
    this.size = 0;
  }
}

/** The channels on which the deferred values of one call arrive, by path. */
export class Channels {
  private readonly byPath = new Map<string, ByteChannel>();
  private readonly claimed = new Set<string>();
  /** Channels that are claimed and may still receive something. */
  open = 0;

  constructor(
    private readonly nats: NatsConnection,
    private readonly limits: Limits,
    private readonly budget: Budget,
    /** Called when the last claimed channel closed. */
    private readonly allClosed: () => void,
  ) {}

  /** The channel at `path`, which the decoded value reads. Its first bytes may have arrived before. */
  claim(path: string): ByteChannel {
    const channel = this.at(path);
    this.claimed.add(path);
    if (!channel.isEnded) this.open++;
    return channel;
  }

  push(path: string, message: Msg): void {
    // Writers of values inside values also end the paths above them: nobody claims those.
    if (this.byPath.size >= maxChannels && !this.byPath.has(path)) return;
    const { data, reply } = message;
    const channel = this.at(path);
    if (data.length === 0) channel.end();
    else channel.push(data, reply ? (more) => this.confirm(reply, more) : undefined);
  }

  fail(error: Error): void {
    for (const channel of this.byPath.values()) channel.fail(error);
  }

  private confirm(address: string, more: boolean): void {
    if (!this.nats.isClosed() && !this.nats.isDraining()) confirm(this.nats, address, more);
  }

  private at(path: string): ByteChannel {
    let channel = this.byPath.get(path);
    if (channel === undefined) {
      channel = new ByteChannel(this.limits.maxStreamBytes, this.budget, () => {
        if (this.claimed.has(path) && --this.open === 0) this.allClosed();
      });
      this.byPath.set(path, channel);
    }
    return channel;
  }
}
