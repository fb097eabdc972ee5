import { rmSync } from 'node:fs';

/** What a setup has started and its teardown has to end, in the order that it was started in. */
interface Started {
  stop(): Promise<void>;
}

const started: Started[] = [];
let dir: string | undefined;

/** Makes the teardown stop this. */
export function remember(thing: Started): void {
  started.push(thing);
}

/** Makes the teardown remove this folder when all has stopped. */
export function rememberDir(path: string): void {
  dir = path;
}

/** Stops everything, whatever happened before. */
export default async function teardown(): Promise<void> {
  for (const thing of started.splice(0).reverse()) await thing.stop();
  if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
}
