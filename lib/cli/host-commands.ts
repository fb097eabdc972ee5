import { type Command, InvalidArgumentError, Option } from 'commander';
import { clusterOptions, dryRunOption, timeoutOption } from './common-options';
import type * as Cordon from './cordon';
import type * as Drain from './drain';
import type * as Uncordon from './uncordon';

/* eslint-disable @typescript-eslint/no-require-imports -- as in main.ts: loaded when used */
const commands = {
  cordon: () => require('./cordon') as typeof Cordon,
  drain: () => require('./drain') as typeof Drain,
  uncordon: () => require('./uncordon') as typeof Uncordon,
};
/* eslint-enable @typescript-eslint/no-require-imports */

/** Adds the commands that keep hosts in trim, with the words of kubectl's for nodes. */
export function addHostCommands(root: Command): void {
  hostCommand(root, 'cordon [hosts...]', 'place nothing new on hosts').action(
    (hosts: string[], options: Cordon.HostOptions) => commands.cordon().cordon(hosts, options),
  );
  hostCommand(root, 'uncordon [hosts...]', 'place something on hosts again, and call drains off').action(
    (hosts: string[], options: Cordon.HostOptions) => commands.uncordon().uncordon(hosts, options),
  );
  hostCommand(root, 'drain [hosts...]', 'move everything off hosts, each once its replacement serves')
    .addHelpText(
      'after',
      `
The request is kept in spec.drain of the host: the drain goes on when this command is
interrupted or its time is up, and kasmcloud uncordon calls it off. A host that it waits
for tells in condition Drained what is left.`,
    )
    .addOption(
      new Option('--grace-period <seconds>', 'time for calls in flight, kept as spec.drain.graceSeconds')
        .argParser(seconds)
        .default(-1, 'as it is'),
    )
    .addOption(timeoutOption())
    .option('--ignore-pinned', 'leave what people bound to a host by name where it is', false)
    .action((hosts: string[], options: Drain.DrainOptions) => commands.drain().drain(hosts, options));
}

function hostCommand(root: Command, usage: string, description: string): Command {
  return clusterOptions(
    root
      .command(usage)
      .description(description)
      .option('-l, --selector <selector>', 'hosts by label, e.g. zone=a, instead of by name')
      .addOption(dryRunOption()),
  );
}

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < -1 || value > 3600)
    throw new InvalidArgumentError('It is 0 to 3600 seconds, or -1 for what the host has.');
  return value;
}
