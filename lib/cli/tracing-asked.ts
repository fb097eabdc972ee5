/** Whether the standard variables of OpenTelemetry name a collector, and do not forbid to use it. */
export function isTracingAsked(env: NodeJS.ProcessEnv = process.env): boolean {
  const endpoint = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  return (
    endpoint !== undefined &&
    endpoint !== '' &&
    env['OTEL_SDK_DISABLED']?.toLowerCase() !== 'true' &&
    env['OTEL_TRACES_EXPORTER'] !== 'none'
  );
}
