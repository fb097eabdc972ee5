import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  context,
  propagation,
  trace,
} from '@opentelemetry/api';
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
  return runAs(name, kind, attributes, context.active(), work);
}

let calls = false;

/** Begins to record calls, which costs each of them something. */
export function recordCalls(): void {
  calls = true;
}

/** Whether calls are recorded: whoever serves them at full speed asks first. */
export function recordsCalls(): boolean {
  return calls;
}

export interface CallSpanOptions {
  readonly attributes: Attributes;
  /** Whether it is called by another program. @default false, it calls */
  readonly server?: boolean;
  /** W3C trace context of who calls. @default the span that is open */
  readonly traceparent?: string | undefined;
}

/** Runs a call as a span below its caller's, and gives `work` the W3C trace context to hand on. */
export async function inCallSpan<T>(
  name: string,
  { attributes, server = false, traceparent }: CallSpanOptions,
  work: (traceparent: string | undefined, span: Span) => Promise<T>,
): Promise<T> {
  const kind = server ? SpanKind.SERVER : SpanKind.CLIENT;
  const parent =
    traceparent === undefined ? context.active() : propagation.extract(ROOT_CONTEXT, { traceparent });
  return runAs(name, kind, attributes, parent, (span) => work(traceHeaders()['traceparent'], span));
}

async function runAs<T>(
  name: string,
  kind: SpanKind,
  attributes: Attributes,
  parent: Context,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  return tracer.startActiveSpan(name, { kind, attributes }, parent, async (span) => {
    try {
      return await work(span);
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
