import { X509Certificate, createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { createAuthority, issue } from '../../../lib/local/certificate';

const authority = createAuthority('test-ca', 10);
const server = issue(authority, 'test-ca', {
  commonName: 'srv',
  hosts: ['localhost', '127.0.0.1'],
  validDays: 5,
});
const client = issue(authority, 'test-ca', {
  commonName: 'ana',
  organization: 'system:masters',
  validDays: 5,
});

test('the authority may sign, and signed itself', () => {
  const ca = new X509Certificate(authority.cert);
  expect(ca.ca).toBe(true);
  expect(ca.subject).toBe('CN=test-ca');
  expect(ca.verify(ca.publicKey)).toBe(true);
});

test('a server certificate names its hosts and chains to the authority', () => {
  const cert = new X509Certificate(server.cert);
  expect(cert.ca).toBe(false);
  expect(cert.verify(new X509Certificate(authority.cert).publicKey)).toBe(true);
  expect(cert.checkIssued(new X509Certificate(authority.cert))).toBe(true);
  expect(cert.checkHost('localhost')).toBe('localhost');
  expect(cert.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(cert.checkIP('127.0.0.2')).toBeUndefined();
  expect(cert.checkPrivateKey(createPrivateKey(server.key))).toBe(true);
  expect(cert.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
});

test('a client certificate carries its user and group', () => {
  const cert = new X509Certificate(client.cert);
  expect(cert.subject).toBe('O=system:masters\nCN=ana');
  const days = (Date.parse(cert.validTo) - Date.parse(cert.validFrom)) / 86_400_000;
  expect(days).toBe(5);
});

test('a mutual TLS handshake accepts them, and refuses a stranger', async () => {
  const listener = tls.createServer(
    { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: false },
    (socket) => {
      socket.end(socket.authorized ? 'welcome' : 'refused');
    },
  );
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;

  const say = async (cert: { cert: string; key: string }): Promise<string> => {
    const socket = tls.connect({ ...cert, ca: authority.cert, host: '127.0.0.1', port });
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(socket, 'end');
    return text;
  };
  const stranger = issue(createAuthority('test-ca', 1), 'test-ca', { commonName: 'eve', validDays: 1 });
  try {
    await expect(say(client)).resolves.toBe('welcome');
    await expect(say(stranger)).resolves.toBe('refused');
  } finally {
    listener.close();
  }
});
