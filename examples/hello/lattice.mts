import { App } from 'cdk8s';
import { Actor, Lattice, Provider } from 'kasmcloud';

const { ADDRESS = '127.0.0.1', PORT = '8080' } = process.env;

const app = new App();
const lattice = new Lattice(app, 'hello');

// A Wasm actor, written in TypeScript (actor/hello.ts): up to ten calls at once.
const hello = new Actor(lattice, 'hello', {
  image: new URL('dist/hello.wasm', import.meta.url).href,
  instances: 10,
});

// An HTTP server that runs in the host and hands each request to the actor.
const http = Provider.httpServer(lattice, 'http');
http.linkTo(hello, { wit: 'wasi:http/incoming-handler', sourceConfig: { address: `${ADDRESS}:${PORT}` } });

app.synth();
