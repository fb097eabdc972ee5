import { Installation } from '../local/installation';
import { purge, stop } from '../local/lifecycle';
import { during, progressTo } from '../local/progress';
import type { CommonOptions } from './main';
import { print } from './output';

export interface DownOptions extends CommonOptions {
  readonly purge?: boolean;
}

/** `kasmcloud down`: stops an installation, and with `--purge` forgets it. */
export async function down(options: DownOptions): Promise<void> {
  const installation = Installation.named(options.name);
  const stopped = await during(progressTo(process.stderr), `Stopping ${installation.name}`, () =>
    stop(installation),
  );
  if (options.purge) await purge(installation);
  const text = stopped ? 'stopped' : 'was not running';
  print(
    options,
    { name: installation.name, stopped, purged: options.purge ?? false },
    `Installation ${installation.name} ${text}${options.purge ? '; its data is deleted' : ''}\n`,
  );
}
