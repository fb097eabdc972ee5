import { BoundedServer } from '../http/bounded-server';
import type { Connection } from '../http/connection';
import type { Permits } from './permits';
import type { FromWorker, ToWorker } from './protocol';
import { SocketCall, type SocketServing } from './socket-calls';
import { receiveConnections } from './thread-pipe';
import { Turns } from './turns';

/** The connections that this worker serves itself, by the address at which the main thread accepted them. */
export class SocketListeners {
  private readonly servers = new Map<number, BoundedServer>();
  private readonly counts = new Map<number, number>();
  private readonly serving: SocketServing;
  /** Connections that others are to have. */
  private shedding = 0;

  constructor(
    private readonly post: (message: FromWorker) => void,
    serving: Omit<SocketServing, 'turns'>,
    permits: Permits,
  ) {
    const { state } = serving;
    const turns = new Turns<SocketCall>(
      permits,
      (call) => call.begin(),
      () => true,
      (count) => (state.waiting = count),
    );
    this.serving = { ...serving, turns };
  }

  receive(message: Extract<ToWorker, readonly ['accept' | 'unlisten' | 'shed', ...unknown[]]>): void {
    if (message[0] === 'accept')
      receiveConnections(message[1], (text, connection) => this.take(text, connection));
    else if (message[0] === 'shed') this.shedding = message[1];
    else void this.close(message[1], message[2]);
  }

  private take(text: string, connection: Connection): void {
    const { state } = this.serving;
    state.handled++;
    const [listener = 0, offer = 0] = text.split(' ').map(Number);
    // The main thread waited too long for us and has given it to somebody else.
    if (!state.claim(offer)) return connection.close();
    this.serverOf(listener).accept(connection);
    this.post(['connected', offer]);
  }

  private serverOf(listener: number): BoundedServer {
    let server = this.servers.get(listener);
    if (server === undefined) {
      server = new BoundedServer((request, response) => SocketCall.serve(this.serving, request, response), {
        keeps: () => this.shedding === 0 || this.shedding-- === 0,
        onCount: (count) => this.count(listener, count),
      });
      this.servers.set(listener, server);
    }
    return server;
  }

  private count(listener: number, connections: number): void {
    this.counts.set(listener, connections);
    this.serving.state.connections = [...this.counts.values()].reduce((sum, each) => sum + each, 0);
  }

  private async close(listener: number, graceMs: number): Promise<void> {
    await this.servers.get(listener)?.close(graceMs);
    this.servers.delete(listener);
    this.counts.delete(listener);
    this.post(['unlistened', listener]);
  }
}
