import { durationMs } from '../../../lib/cli/common-options';
import { withoutFlagValues } from '../../../lib/cli/flag-values';
import { program } from '../../../lib/cli/main';

const root = program();

it.each([
  ['rollout status echo --watch=false', 'rollout status echo --no-watch'],
  ['rollout status echo --watch=true -n shop', 'rollout status echo --watch -n shop'],
  ['drain a --ignore-pinned=false', 'drain a'],
  ['cordon a --dry-run=server', 'cordon a --dry-run=server'],
  ['kubectl get pods --watch=false --verbose=false', 'kubectl get pods --watch=false --verbose=false'],
  ['rollout status echo --bogus=false', 'rollout status echo --bogus=false'],
])('reads %j as %j', (given, expected) => {
  expect(withoutFlagValues(root, given.split(' '))).toEqual(expected.split(' '));
});

it.each([
  ['90s', 90_000],
  ['5m', 300_000],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['500ms', 500],
  ['7', 7000],
  ['0', 0],
])('takes durations as kubectl does: %s', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

it.each(['', 'soon', '5d', '-1s', '1m 30s', '1.s'])('refuses %j as a duration', (text) => {
  expect(() => durationMs(text)).toThrow('A duration is a number with s, m or h');
});
