import { isTracingAsked } from '../../../lib/cli/tracing-asked';

// What is sent then is proven in test/e2e/reconciler.test.ts.

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

test.each([
  ['a collector is named', endpoint, true],
  [
    'one is named for traces',
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' },
    true,
  ],
  ['no collector is named', {}, false],
  ['the SDK is disabled', { ...endpoint, OTEL_SDK_DISABLED: 'true' }, false],
  ['traces go nowhere', { ...endpoint, OTEL_TRACES_EXPORTER: 'none' }, false],
])('when %s', (_, env, asked) => {
  expect(isTracingAsked(env)).toBe(asked);
});
