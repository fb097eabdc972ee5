import { createSign, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A token endpoint as registries use it: name and password in, signed token out. */
export interface TokenServer {
  readonly realm: string;
  /** The key set that the registry checks tokens with. */
  readonly jwks: object;
  /** How many tokens it gave out. */
  issued(): number;
  stop(): Promise<void>;
}

/** Starts an endpoint that knows one login. */
export async function startTokenServer(username: string, password: string): Promise<TokenServer> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  let issued = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://token');
    const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    if (request.headers.authorization !== expected) return response.writeHead(401).end();
    const [type, name, actions] = (url.searchParams.get('scope') ?? '').split(':');
    const now = Math.floor(Date.now() / 1000);
    const text = [
      { typ: 'JWT', alg: 'RS256', kid: 'test' },
      {
        iss: 'test',
        sub: username,
        aud: url.searchParams.get('service'),
        iat: now,
        nbf: now - 10,
        exp: now + 300,
        access: [{ type, name, actions: actions?.split(',') }],
      },
    ]
      .map(base64url)
      .join('.');
    const signature = createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url');
    issued++;
    return response.end(JSON.stringify({ token: `${text}.${signature}` }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    realm: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'test', alg: 'RS256', use: 'sig' }] },
    issued: () => issued,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
