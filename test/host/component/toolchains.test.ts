import { readFileSync } from 'node:fs';
import { compile, instantiate } from '../../../lib/host/component';
import { mayWait } from '../../../lib/host/component/component-engine';
import { Guest } from '../../../lib/host/wasi/guest';
import { IncomingBytes } from '../../../lib/host/wasi/http/incoming-bytes';
import { IncomingRequest, type RequestHead } from '../../../lib/host/wasi/http/incoming';
import { ResponseOutparam } from '../../../lib/host/wasi/http/outgoing';
import { wasi } from '../../../lib/host/wasi/wasi';
import { component } from '../components';
import { toolchainComponent } from './fixtures';

type Func = (...args: unknown[]) => Promise<unknown>;

function guestThatLogs(): { guest: Guest; lines: string[] } {
  const lines: string[] = [];
  const log = (_: string, message: string): void => void lines.push(message);
  const call = (): never => {
    throw new Error('nothing is linked');
  };
  return { guest: new Guest({ config: {}, secrets: {}, log, call, stream: call }), lines };
}

test('a component in Go starts its runtime, says something, and greets', async () => {
  const { guest, lines } = guestThatLogs();
  const { exports } = await instantiate(await compile(await toolchainComponent('greet-go')), wasi(guest), {
    mayWait,
  });
  const { greet } = exports['test:greet/greeter'] as unknown as { greet: Func };
  expect(lines).toEqual(['greet is starting']);
  await expect(greet('wörld')).resolves.toBe('hello wörld from Go');
  for (let call = 0; call < 200; call++)
    await expect(greet('x'.repeat(call))).resolves.toHaveLength(14 + call);
}, 120_000);

/** One answer, kept in memory. */
class Answer {
  status = 0;
  readonly body: Uint8Array[] = [];
  ended = false;

  respond(status: number): this {
    this.status = status;
    return this;
  }
  fail(code: unknown): void {
    throw new Error(`refused: ${JSON.stringify(code)}`);
  }
  room = (): number => 1 << 20;
  ready = (): boolean => true;
  subscribe = () => (): void => undefined;
  write = (bytes: Uint8Array): void => void this.body.push(bytes);
  end(): void {
    this.ended = true;
  }
  abort = (): void => undefined;
}

test.each(['hello.wat', 'handler.ts'])(
  '%s answers HTTP',
  async (source) => {
    const compiled = await compile(readFileSync((await component(source)).wasm), { memoryBytes: 256 << 20 });
    const { guest } = guestThatLogs();
    // What its world imports, used or not: the toolchain for JavaScript keeps it all.
    const offers = { ...wasi(guest), 'acme:calls/math': { add: (a: number, b: number) => a + b } };
    const { exports } = await instantiate(compiled, offers, { mayWait });
    const handler = exports['wasi:http/incoming-handler@0.2.12'] as unknown as { handle: Func };
    for (let call = 0; call < 20; call++) {
      const answer = new Answer();
      const head: RequestHead = {
        method: 'GET',
        target: '/',
        scheme: 'HTTP',
        authority: 'localhost',
        headers: [],
      };
      await handler.handle(
        new IncomingRequest(guest, head, IncomingBytes.of(undefined)),
        new ResponseOutparam(answer),
      );
      expect(answer).toMatchObject({ status: 200, ended: true });
      expect(Buffer.concat(answer.body).length).toBeGreaterThan(0);
    }
  },
  120_000,
);

test('what a component needs and offers is known before it runs', async () => {
  const { plan } = await compile(readFileSync((await component('hello.wat')).wasm));
  const [fields] = plan.imports.get('wasi:http/types@0.2.12')?.resources ?? [];
  expect(fields).toMatchObject({ name: 'fields', imported: { interface: 'wasi:http/types@0.2.12' } });
  const handler = plan.exports.get('wasi:http/incoming-handler@0.2.12');
  expect(handler?.kind === 'instance' && handler.items.get('handle')).toMatchObject({
    type: {
      params: [
        { name: 'request', type: { kind: 'own', resource: { name: 'incoming-request' } } },
        { name: 'response-out', type: { kind: 'own', resource: { name: 'response-outparam' } } },
      ],
      result: undefined,
    },
  });
});
