import { coreLabels, effectiveLabels, labelsFromEnvironment } from '../../../lib/host/agent-labels';

it.each([
  ['x64', 'linux', { arch: 'x86_64', os: 'linux', osfamily: 'unix' }],
  ['arm64', 'darwin', { arch: 'aarch64', os: 'macos', osfamily: 'unix' }],
  ['x64', 'win32', { arch: 'x86_64', os: 'windows', osfamily: 'windows' }],
])('names %s on %s as wasmCloud does', (arch, platform, expected) => {
  const labels = Object.entries(expected).map(([key, value]) => [`hostcore.${key}`, value]);
  expect(coreLabels(arch, platform)).toEqual(Object.fromEntries(labels));
});

it('lets edits win over the start and nobody over the machine', () => {
  const labels = effectiveLabels({ zone: 'a', tier: 'x' }, { tier: 'y', 'hostcore.os': 'forged' });
  expect(labels).toMatchObject({ zone: 'a', tier: 'y' });
  expect(labels['hostcore.os']).not.toBe('forged');
});

it('reads labels from the environment', () => {
  expect(labelsFromEnvironment({ KASMCLOUD_LABEL_zone: 'a', KASMCLOUD_LABELS: 'x', HOME: '/' })).toEqual({
    zone: 'a',
  });
});
