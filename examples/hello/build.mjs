// Builds dist/hello.wasm from actor/, unless it is up to date.
import { buildActor } from '../shared/build-actor.mjs';

await buildActor(import.meta.dirname, 'hello');
