import { change, type HostOptions, hostsOf, say } from './cordon';
import { withCluster } from './cluster';

/** `kasmcloud uncordon HOST…`: the hosts take something new again; a drain that is under way is called off. */
export async function uncordon(names: readonly string[], options: HostOptions): Promise<void> {
  const { dryRun } = options;
  await withCluster(options, async (client) => {
    for (const host of await hostsOf(client, names, options)) {
      const { unschedulable, drain } = host.spec;
      if (unschedulable !== true && drain?.requested !== true) {
        say(host, 'already uncordoned', dryRun);
        continue;
      }
      await change(client, host, { unschedulable: false, drain: { requested: false } }, dryRun);
      say(host, 'uncordoned', dryRun);
    }
  });
}
