import { Socket } from 'node:net';

/**
 * A connection before node:net makes a Socket of it: what node:net and node:http have inside, and what child_process sends to other
 * processes. Unlike a Socket it can be handed on, as nothing has been read from it.
 */
export interface Connection {
  close(): void;
  setNoDelay(on: boolean): number;
}

/** Makes it a socket of this thread, as node:http does with what it accepts. */
export function socketOf(connection: Connection): Socket {
  const options = { handle: connection, allowHalfOpen: true, readable: true, writable: true };
  return new Socket(options);
}
