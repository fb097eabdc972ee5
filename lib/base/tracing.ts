import { type Attributes, SpanKind, SpanStatusCode, context, propagation, trace } from '@opentelemetry/api';
import { messageOf } from './errors';

const tracer = trace.getTracer('kasmcloud');

export interface SpanOptions {
  readonly attributes?: Attributes;
  /** Whether it waits for another program. @default false */
  readonly client?: boolean;
  /** Only as a part of a span that is open already. @default false */
  readonly nested?: boolean;
}

/** Runs `work` as a span named so. Without tracing, which `startTracing` begins, this is the call alone. */
export async function inSpan<T>(
  name: string,
  { attributes = {}, client = false, nested = false }: SpanOptions,
  work: () => Promise<T>,
): Promise<T> {
  if (nested && trace.getActiveSpan() === undefined) return work();
  const kind = client ? SpanKind.CLIENT : SpanKind.INTERNAL;
  return tracer.startActiveSpan(name, { kind, attributes }, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The headers by which another program goes on with the span that is open: `traceparent`; none without one. */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
}
