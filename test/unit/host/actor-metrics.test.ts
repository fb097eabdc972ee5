import { registry } from '../../../lib/base/metrics';
import { ActorMetrics } from '../../../lib/host/actor-metrics';

const labels = { namespace: 'web', actor: 'echo', distribution: 'echoes', host: 'edge' };
const value = async (name: string): Promise<string | undefined> => {
  const text = await registry.getSingleMetricAsString(`kasmcloud_${name}`);
  const series = `kasmcloud_${name}{namespace="web",actor="echo",distribution="echoes",host="edge"}`;
  return text
    .split('\n')
    .find((line) => line.startsWith(series))
    ?.slice(series.length + 1);
};

test('what an autoscaler goes by is that of the moment, over all that serve one actor', async () => {
  const old = { inFlight: 3, waiting: 2, instances: 4, workers: 1 };
  const replacement = { inFlight: 0, waiting: 0, instances: 8, workers: 2 };
  const metrics = [old, replacement].map((load) => new ActorMetrics(labels, () => load));
  expect(await value('actor_calls_in_flight')).toBe('3');
  expect(await value('actor_calls_waiting')).toBe('2');
  expect(await value('actor_instances')).toBe('12');
  expect(await value('actor_workers')).toBe('3');
  old.inFlight = 1;
  replacement.inFlight = 6;
  expect(await value('actor_calls_in_flight')).toBe('7');
  metrics[0]?.forget();
  expect(await value('actor_instances')).toBe('8');
  metrics[1]?.forget();
  expect(await value('actor_instances')).toBeUndefined();
});
