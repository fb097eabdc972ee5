import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { SpanKind, SpanStatusCode, context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { recordCalls } from '../../lib/base/tracing';
import { recorded } from '../../lib/host/calls/call-spans';
import { UnservedCalls } from '../../lib/host/calls/unserved-calls';
import { RemoteHandlers } from '../../lib/host/http/remote-handlers';
import { HttpServerProvider } from '../../lib/host/providers/http-server';
import { LatticeConnection } from '../../lib/lattice';
import { startNats } from '../../lib/local/nats';
import { CallHost, mathLink } from './call-host';

const exporter = new InMemorySpanExporter();
const cleanUp: (() => Promise<unknown>)[] = [];
let url: string;

beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  recordCalls();
  const nats = await startNats({
    dir: mkdtempSync(path.join(process.env['KASMCLOUD_TEST_DIR'] ?? '', 'nats-')),
  });
  cleanUp.unshift(() => nats.stop());
  const connect = async (): Promise<LatticeConnection> => {
    const made = await LatticeConnection.connect({ servers: nats.url, tls: nats.client('test') });
    cleanUp.unshift(() => made.close());
    return made;
  };
  const [front, sums] = [
    new CallHost([mathLink('front', 'sums')], await connect()),
    new CallHost([], await connect()),
  ];
  for (const host of [front, sums]) cleanUp.unshift(() => host.stop());
  await sums.start('sums', 'callee');
  await front.start('front', 'front.wat', { config: { greeting: 'x' } });
  const here = await connect();
  const handlers = new RemoteHandlers(() => here, new UnservedCalls({ host: 'test', linked: () => [] }));
  const server = new HttpServerProvider({
    handler: (target) =>
      recorded(handlers.find({ namespace: 'test', lattice: 'lattice', source: 'web', target }), target),
  });
  cleanUp.unshift(() => server.stop(0));
  await server.setLinks([{ name: 'test/web', target: 'front', sourceConfig: { address: '127.0.0.1:0' } }]);
  url = server.endpoints()[0] ?? '';
});
afterAll(async () => {
  for (const end of cleanUp) await end();
});

it('a request that crosses three hosts is one trace, below that of its client', async () => {
  const [traceId, clientId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
  const response = await fetch(`${url}/a?key=secret`, {
    headers: { traceparent: `00-${traceId}-${clientId}-01` },
  });
  expect(await response.text()).toBe('42');
  const spans = exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);
  const chain: unknown[] = [];
  let parent = clientId;
  for (;;) {
    const next = spans.find(({ parentSpanContext }) => parentSpanContext?.spanId === parent);
    if (next === undefined) break;
    parent = next.spanContext().spanId;
    chain.push([
      next.name,
      SpanKind[next.kind],
      next.attributes['kasmcloud.component'] ?? next.attributes['kasmcloud.source'],
    ]);
  }
  const add = 'acme:calls/math@1.0.0#add';
  expect(chain).toEqual([
    ['GET', 'SERVER', 'front'],
    ['GET', 'SERVER', 'front'],
    [add, 'CLIENT', 'front'],
    [add, 'SERVER', 'sums'],
  ]);
  expect(spans).toHaveLength(4);
  expect(spans[3]?.attributes).toMatchObject({ 'url.path': '/a', 'http.response.status_code': 200 });
});

it('an answer with status 500 is an error', async () => {
  exporter.reset();
  await (await fetch(`${url}/x`)).text();
  const spans = exporter.getFinishedSpans();
  expect(spans.map(({ status }) => status.code)).toEqual([SpanStatusCode.ERROR, SpanStatusCode.ERROR]);
});
