import { KasmError } from '../base/errors';
import type { CommandFailed } from '../local/run-command';

/** What cdk8s puts before the issues that constructs report. */
const issues = /Validation failed with the following errors:\n((?: {2}(?! *at ).*(?:\n|$))+)/;
const missingPackage = /Cannot find (?:package|module) '([^'./][^']*)'/;

/** What a person needs to know of a program that failed to synthesize: the issues of its constructs where it got that far. */
export function synthesisFailure(label: string, cause: CommandFailed): KasmError {
  const { ending, output } = cause;
  const [, found] = issues.exec(output) ?? [];
  if (found !== undefined) return new KasmError(`${label} is not valid:\n${found.trimEnd()}`);
  const [, missing] = missingPackage.exec(output) ?? [];
  return new KasmError(
    `${label} ended with ${ending}:\n${withoutForeignFrames(output)}`,
    missing === undefined ? undefined : `Install what it imports: \`npm install ${packageOf(missing)}\``,
  );
}

/** Of a stack, what lies in Node and in packages says nothing about the program. */
function withoutForeignFrames(output: string): string {
  const kept = output.split('\n').filter((line) => !/^ {4}at .*(\bnode:|\/node_modules\/)/.test(line));
  return kept.join('\n').trim();
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
