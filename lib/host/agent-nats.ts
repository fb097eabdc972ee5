import { Backoff } from '../base/backoff';
import { messageOf } from '../base/errors';
import { log } from '../base/log';
import { sleep } from '../base/sleep';
import { LatticeConnection, type LatticeConnectionOptions } from '../lattice/connection';
import type { NatsState } from './agent-registration';

/** How long one attempt lasts before its failure shows in the status. */
const ATTEMPT_MS = 5_000;

/** Connects a host to NATS in the background: the host runs without it, and says so. */
export class NatsLink {
  private readonly stopping = new AbortController();
  private connecting: Promise<void> | undefined;
  private current: LatticeConnection | undefined;
  private problem: string;

  constructor(
    private readonly options: LatticeConnectionOptions,
    private readonly changed: () => void,
  ) {
    this.problem = `Connecting to ${String(options.servers)}`;
  }

  /** The connection, once there has been one; it may be lost for a while. */
  get connection(): LatticeConnection | undefined {
    return this.current;
  }

  get state(): NatsState {
    const connected = this.current?.connected ?? false;
    return { connected, problem: connected ? undefined : this.problem };
  }

  /** To make and take calls; undefined until it has been there once. */
  get lattice(): LatticeConnection | undefined {
    return this.connection;
  }

  start(): void {
    this.connecting ??= this.connect(this.stopping.signal);
  }

  async stop(): Promise<void> {
    this.stopping.abort(new Error('The host stops'));
    await this.connecting;
    await this.current?.close();
  }

  private async connect(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff({ minMs: 500, maxMs: 10_000 });
    while (!signal.aborted) {
      try {
        const connection = await LatticeConnection.connect({
          ...this.options,
          log,
          signal,
          firstConnectMs: ATTEMPT_MS,
        });
        connection.onConnected(this.changed);
        this.current = connection;
        this.problem = 'The connection was lost and is tried again';
        this.changed();
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.problem = messageOf(error);
        this.changed();
        await sleep(backoff.next(), signal).catch((aborted: unknown) => {
          if (!signal.aborted) throw aborted;
        });
      }
    }
  }
}
