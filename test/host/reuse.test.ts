import { Serving } from './serving';

describe.each([
  ['that its own workers serve', true],
  ['that the main thread hands to a worker', false],
])('Instances, on connections %s', (_, direct) => {
  /** What a component says that counts the calls of its instance. */
  const counts = async (reuse: 'Always' | 'Never'): Promise<string[]> => {
    const lab = await Serving.start('lab.wat', { instances: 1, reuse }, direct);
    const counted = [await lab.text('/c'), await lab.text('/c'), await lab.text('/c')];
    await lab.stop();
    return counted;
  };

  it('serve one call after the other where they are reused', async () => {
    expect(await counts('Always')).toEqual(['001', '002', '003']);
  });

  it('serve one call each where they are not', async () => {
    expect(await counts('Never')).toEqual(['001', '001', '001']);
  });
});
