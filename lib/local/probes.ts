import { get } from 'node:https';
import { connect } from 'node:net';
import type { KeyPair } from './certificate';
import { loopback } from './ports';

/** Asks an API server whether it is ready, as a client with this certificate. */
export function apiServerReady(port: number, ca: string, client: KeyPair) {
  return (signal: AbortSignal): Promise<boolean> =>
    new Promise((resolve) => {
      const request = get(
        { host: loopback, port, path: '/readyz', ca, ...client, agent: false, signal },
        (response) => {
          response.resume();
          resolve(response.statusCode === 200);
        },
      );
      request.setTimeout(5000, () => request.destroy());
      request.on('error', () => resolve(false));
      request.on('close', () => resolve(false));
    });
}

/** Asks whether something accepts connections on a port. */
export function accepts(port: number) {
  return (signal: AbortSignal): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect({ host: loopback, port, signal });
      socket.once('connect', () => {
        resolve(true);
        socket.destroy();
      });
      socket.once('error', () => resolve(false));
    });
}
