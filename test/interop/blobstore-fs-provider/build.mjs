// Builds the provider once: node build.mjs prints the path of the program.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cargoProgram } from '../cargo-program.mjs';

const source = path.dirname(fileURLToPath(import.meta.url));
const inputs = ['Cargo.toml', 'src/main.rs'];
console.log(cargoProgram(source, { inputs, takes: 'about two minutes beside the HTTP server provider' }));
