import { suggest } from '../../api/suggest';
import { TerminalError } from '../../base/errors';

/** Configuration of a provider or of one side of a link. */
export type Settings = Readonly<Record<string, string>>;

/**
 * A setting that nobody reads is a mistake that would go unheard.
 * @throws TerminalError `InvalidLinkConfig`
 */
export function knownSettings(settings: Settings, known: readonly string[]): void {
  const unknown = Object.keys(settings).find((name) => !known.includes(name));
  if (unknown !== undefined) throw invalid(unknown, undefined, 'is no setting here', suggest(unknown, known));
}

/** The same with names in lower case: wasmCloud's providers take them in any, or document them in upper. Of two that are one, the last counts. */
export function lowerCased(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name.toLowerCase(), value]));
}

/** A setting that is `true` or `false`, in any case of letters as wasmCloud's providers take it. */
export function boolean(settings: Settings, name: string, absent: boolean): boolean {
  const value = settings[name]?.toLowerCase();
  if (value === undefined) return absent;
  if (value === 'true' || value === 'false') return value === 'true';
  throw invalid(name, settings[name], 'is neither true nor false', 'Write true or false');
}

/** A setting that is a whole number. */
export function integer(settings: Settings, name: string, absent: number, min: number, max: number): number {
  const value = settings[name];
  if (value === undefined) return absent;
  const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
  if (number >= min && number <= max) return number;
  throw invalid(name, value, 'is out of range', `Write a whole number from ${min} to ${max}`);
}

/** The items of a setting that is a list with commas. */
export function list(settings: Settings, name: string): string[] {
  return (settings[name] ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** @param value is shown: none where it may be a secret. */
export function invalid(
  name: string,
  value: string | undefined,
  what: string,
  remedy: string,
  options?: ErrorOptions,
): TerminalError {
  const shown = value === undefined ? '' : ` ${JSON.stringify(value)}`;
  return new TerminalError('InvalidLinkConfig', `${name}:${shown} ${what}`, remedy, options);
}
