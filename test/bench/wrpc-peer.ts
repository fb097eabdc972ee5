/**
 * One side of the wRPC figures, in a process of its own: `node wrpc-peer.cjs serve URL` answers, `node wrpc-peer.cjs call URL C`
 * calls with C calls in flight and prints the median round trips in microseconds as JSON.
 *
 * Both ways of calling share the connection and the multiplexed inbox, so their ratio is what wRPC itself costs.
 */
import { LatticeConnection } from '../../lib/lattice/connection';
import { WrpcClient } from '../../lib/lattice/wrpc/client';
import { WrpcServer } from '../../lib/lattice/wrpc/server';
import * as wit from '../../lib/lattice/wrpc/wit';

const lattice = 'bench';
const id = 'peer';
const instance = 'kasm:bench/greeter@0.1.0';
const rawSubject = 'bench.raw';
const greet = wit.func([['name', wit.string]], wit.string);
const headers = { 'source-id': 'caller', 'link-name': 'default' };

const roundMs = 300;
const rounds = 12;

async function main([mode, url, concurrency]: string[]): Promise<void> {
  const connection = await LatticeConnection.connect({ servers: url ?? '' });
  if (mode === 'serve') {
    serve(connection);
    await connection.nats.flush();
    process.stdout.write('ready\n');
    return;
  }
  const result = await compare(connection, Number(concurrency));
  process.stdout.write(`${JSON.stringify(result)}\n`);
  await connection.close();
}

function serve(connection: LatticeConnection): void {
  connection.nats.subscribe(rawSubject, {
    queue: 'bench',
    callback: (_, message) => {
      message.respond(Buffer.from(`hello ${Buffer.from(message.data).toString()}`));
    },
  });
  new WrpcServer(connection, { lattice, id }).serve(
    instance,
    'greet',
    greet,
    (name) => `hello ${String(name)}`,
  );
}

/** A plain request and its reply through the same inbox. */
function raw(connection: LatticeConnection): () => Promise<unknown> {
  const payload = Buffer.from('x'.repeat(16));
  return () =>
    new Promise((resolve, reject) => {
      const reply = connection.inbox.open({
        receive: (_, { data }) => {
          clearTimeout(timer);
          connection.inbox.release(reply);
          resolve(Buffer.from(data).toString());
        },
        fail: reject,
      });
      const timer = setTimeout(() => reject(new Error('No answer')), 10_000);
      connection.nats.publish(rawSubject, payload, { reply });
    });
}

async function compare(
  connection: LatticeConnection,
  concurrency: number,
): Promise<{ wrpc: number; raw: number }> {
  const bound = new WrpcClient(connection).bind({ lattice, id }, instance, 'greet', greet, headers);
  const name = 'x'.repeat(16);
  const ways = { wrpc: () => bound([name]), raw: raw(connection) };
  for (const way of Object.values(ways)) await timed(way, concurrency, roundMs);
  const times = { wrpc: [] as number[], raw: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    // In turns and in both orders, so that what else the machine does hits both.
    for (const key of round % 2 ? (['raw', 'wrpc'] as const) : (['wrpc', 'raw'] as const)) {
      times[key].push(...(await timed(ways[key], concurrency, roundMs)));
    }
  }
  return { wrpc: median(times.wrpc), raw: median(times.raw) };
}

async function timed(call: () => Promise<unknown>, concurrency: number, ms: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + ms;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let from = performance.now(); from < end; from = performance.now()) {
        await call();
        times.push(performance.now() - from);
      }
    }),
  );
  return times;
}

function median(times: number[]): number {
  times.sort((a, b) => a - b);
  return Math.round((times[times.length >> 1] ?? 0) * 1000);
}

void main(process.argv.slice(2));
