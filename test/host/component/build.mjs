// Makes components of core modules as text: node build.mjs TOOLS FILE…, where TOOLS is a folder whose node_modules has jco. Each FILE.wat has its
// world in FILE.wit; a component as text has none. The answer is FILE.wasm.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [tools, ...files] = process.argv.slice(2);
const tooling = path.join(tools, 'node_modules/@bytecodealliance/jco-transpile/dist/wasm-tools.js');
const { parse, componentEmbed, componentNew } = await import(pathToFileURL(tooling).href);

for (const file of files) {
  const binary = await parse(await readFile(`${file}.wat`, 'utf8'));
  if (!existsSync(`${file}.wit`)) {
    await writeFile(`${file}.wasm`, binary);
    continue;
  }
  const embedded = await componentEmbed({ binary, witSource: await readFile(`${file}.wit`, 'utf8') });
  await writeFile(`${file}.wasm`, await componentNew(embedded, []));
}
