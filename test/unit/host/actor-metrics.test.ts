import { registry } from '../../../lib/base/metrics';
import { ActorMetrics } from '../../../lib/host/actor-metrics';

const value = async (name: string, actor: string): Promise<string | undefined> => {
  const text = await registry.getSingleMetricAsString(`kasmcloud_${name}`);
  return new RegExp(`^kasmcloud_${name}{actor="${actor}"} (.*)$`, 'm').exec(text)?.[1];
};

test('calls in flight and instances are those of the moment, over all that serve one actor', async () => {
  const old = { taken: 3, limit: 4 };
  const replacement = { taken: 0, limit: 8 };
  const metrics = [new ActorMetrics('web/echo', old), new ActorMetrics('web/echo', replacement)];
  expect(await value('actor_calls_in_flight', 'web/echo')).toBe('3');
  expect(await value('actor_instances', 'web/echo')).toBe('12');
  old.taken = 1;
  replacement.taken = 6;
  expect(await value('actor_calls_in_flight', 'web/echo')).toBe('7');
  metrics[0]?.forget();
  expect(await value('actor_instances', 'web/echo')).toBe('8');
  metrics[1]?.forget();
  expect(await value('actor_instances', 'web/echo')).toBeUndefined();
});
