/**
 * Forgets the variables of OpenTelemetry's SDK, which an operator of Kubernetes may set in every pod. They describe a process that
 * traces itself; here each gateway says where its spans go, and `OTEL_EXPORTER_OTLP_HEADERS` would travel to all of them.
 */
export function forgetOtelVariables(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) delete process.env[name];
}
