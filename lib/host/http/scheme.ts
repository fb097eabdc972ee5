import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

/** How a request came in. */
export function schemeOf({ socket }: IncomingMessage): 'HTTP' | 'HTTPS' {
  return socket instanceof TLSSocket ? 'HTTPS' : 'HTTP';
}
