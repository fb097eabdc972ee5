import type { ActorRuntime } from '../../lib/host/actor-runtime';

/** What came of a command of the fixture `capabilities.js`; commands of one call run one after another in its own instance. */
export async function runCapable(actor: ActorRuntime, ...command: unknown[]): Promise<unknown> {
  const answer = await actor.call('test:capabilities/api', 'run', [JSON.stringify(command)]);
  const { ok, err } = JSON.parse(answer as string) as { ok: unknown; err?: unknown };
  if (err !== undefined) throw err as Error;
  return ok;
}
