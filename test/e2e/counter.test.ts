import { Installation } from './installation';

/** What `up` printed when it failed, or undefined. */
const failure = async (counter: Installation): Promise<string | undefined> => {
  const up = await counter.kasmcloud(['up', 'examples/counter']);
  return up.code === 0 ? undefined : `${up.stdout}\n${up.stderr}`;
};

test('the counter counts visits, and goes on counting after everything was stopped', async () => {
  const counter = await Installation.create('counter-e2e');
  const visit = async (): Promise<string> => (await fetch(counter.url)).text();
  const numberOf = (text: string): number => Number(/^Visit (\d+)\n$/.exec(text)?.[1]);
  try {
    expect(await failure(counter)).toBeUndefined();
    // `up` itself may have looked whether the actor answers.
    const first = numberOf(await visit());
    expect(first).toBeGreaterThan(0);
    const next = await Promise.all(Array.from({ length: 20 }, visit));
    expect(next.map(numberOf).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => first + 1 + index),
    );
    await counter.kasmcloud(['down']);
    expect(await failure(counter)).toBeUndefined();
    expect(numberOf(await visit())).toBeGreaterThan(first + 20);
  } finally {
    await counter.destroy();
  }
});
