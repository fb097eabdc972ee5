import { messageOf } from '../../base/errors';
import { BoundedServer } from '../http/bounded-server';
import type { Permits } from './permits';
import type { FromWorker, ToWorker } from './protocol';
import { SocketCall, type SocketServing } from './socket-calls';
import { Turns } from './turns';

/** The addresses at which this worker accepts connections itself. */
export class SocketListeners {
  private readonly servers = new Map<number, BoundedServer>();
  private readonly serving: SocketServing;

  constructor(
    private readonly post: (message: FromWorker) => void,
    serving: Omit<SocketServing, 'turns'>,
    permits: Permits,
  ) {
    this.serving = { ...serving, turns: new Turns(permits, (call) => call.begin()) };
  }

  receive(message: Extract<ToWorker, readonly ['listen' | 'unlisten', ...unknown[]]>): void {
    if (message[0] === 'listen') void this.listen(message[1], message[2], message[3]);
    else void this.close(message[1], message[2]);
  }

  private async listen(listener: number, host: string, port: number): Promise<void> {
    const server = new BoundedServer((request, response) => {
      SocketCall.serve(this.serving, request, response);
    });
    this.servers.set(listener, server);
    try {
      await server.listen(host, port, true);
      this.post(['listening', listener, undefined]);
    } catch (error) {
      this.servers.delete(listener);
      this.post(['listening', listener, messageOf(error)]);
    }
  }

  private async close(listener: number, graceMs: number): Promise<void> {
    await this.servers.get(listener)?.close(graceMs);
    this.servers.delete(listener);
    this.post(['unlistened', listener]);
  }
}
