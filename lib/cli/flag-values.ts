import type { Command } from 'commander';

/**
 * A command line on which flags may have a value, as kubectl's do: `--watch=false` is `--no-watch`, and `--watch=true` is `--watch`. What
 * follows a command that passes its arguments on is none of ours.
 */
export function withoutFlagValues(root: Command, args: readonly string[]): string[] {
  let command = root;
  let words = 0;
  for (const name of args) {
    const next: Command | undefined = command.commands.find((each) => each.name() === name);
    if (next === undefined) break;
    command = next;
    words++;
  }
  if (command.name() === 'kubectl') return [...args];
  return [...args.slice(0, words), ...args.slice(words).flatMap((arg) => plain(command, arg))];
}

function plain(command: Command, arg: string): string[] {
  const [, flag, value] = /^(--[a-z-]+)=(true|false)$/.exec(arg) ?? [];
  const has = (long: string): boolean =>
    command.options.some((option) => option.long === long && option.isBoolean());
  if (flag === undefined || !has(flag)) return [arg];
  if (value === 'true') return [flag];
  const opposite = `--no-${flag.slice(2)}`;
  return command.options.some(({ long }) => long === opposite) ? [opposite] : [];
}
