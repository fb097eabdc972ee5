import { Installation } from './installation';

test('up --once deploys, checks the answer, stops everything and exits 0', async () => {
  const installation = await Installation.create('once-e2e');
  try {
    const once = await installation.kasmcloud(['up', 'examples/hello', '--once']);
    expect({ code: once.code, stdout: once.stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/hello/i) as string,
    });
    await expect(fetch(installation.url)).rejects.toThrow();
  } finally {
    await installation.destroy();
  }
});
