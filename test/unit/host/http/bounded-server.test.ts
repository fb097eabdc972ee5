import { once } from 'node:events';
import net from 'node:net';
import { Acceptor } from '../../../../lib/host/http/acceptor';
import { BoundedServer } from '../../../../lib/host/http/bounded-server';

const stallMs = 300;
let closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.reverse()) await close();
  closers = [];
});

/** A client of a server that answers with so many bytes after so long. */
async function client(bytes: number, afterMs: number): Promise<net.Socket> {
  const server = new BoundedServer(
    (_, response) => void setTimeout(() => response.end(Buffer.alloc(bytes)), afterMs),
    { stallMs },
  );
  const acceptor = await Acceptor.listen('127.0.0.1', 0, (connection) => server.accept(connection));
  const socket = net.connect(acceptor.port, '127.0.0.1');
  closers.push(
    () => server.close(0),
    () => acceptor.close(),
    () => socket.destroy(),
  );
  await once(socket, 'connect');
  return socket;
}

it('cuts a client that takes nothing of its response', async () => {
  const socket = await client(64 << 20, 0);
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  socket.pause();
  await new Promise((resolve) => setTimeout(resolve, 10 * stallMs));
  let received = 0;
  socket.on('data', (chunk: Buffer) => (received += chunk.length)).resume();
  await closed;
  expect(received).toBeLessThan(64 << 20);
});

it('waits for a response for longer than that, and for a client that takes it slowly', async () => {
  const socket = await client(8 << 20, 3 * stallMs);
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  let received = 0;
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length;
    socket.pause();
    setTimeout(() => socket.resume(), 3);
  });
  await once(socket, 'close');
  expect(received).toBeGreaterThan(8 << 20);
});
