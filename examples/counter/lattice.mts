import { App } from 'cdk8s';
import { Actor, BuiltinImage, Lattice, Provider } from 'kasmcloud';

const { ADDRESS = '127.0.0.1', PORT = '8081' } = process.env;

const app = new App();
const lattice = new Lattice(app, 'counter');

// A Wasm actor, written in TypeScript (actor/counter.ts).
const counter = new Actor(lattice, 'counter', {
  image: new URL('dist/counter.wasm', import.meta.url).href,
  instances: 10,
});

// Key-value buckets on NATS, which outlive actors and hosts.
const store = new Provider(lattice, 'store', { image: BuiltinImage.KEYVALUE_NATS });
counter.linkTo(store, {
  wit: 'wasi:keyvalue/store,atomics',
  targetConfig: { bucket: 'visits', enable_bucket_auto_create: 'true' },
});

// An HTTP server that runs in the host and hands each request to the actor.
const http = Provider.httpServer(lattice, 'http');
http.linkTo(counter, {
  wit: 'wasi:http/incoming-handler',
  sourceConfig: { address: `${ADDRESS}:${PORT}` },
});

app.synth();
