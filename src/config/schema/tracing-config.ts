export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** Where spans are sent, and which of them: from the environment, as every other program takes it. */
export interface TracingConfig {
  /** Of the receiver for OTLP over HTTP: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, or what follows from OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  /** What the receiver is sent with the spans, its keys among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly sampler: (typeof SAMPLERS)[number];
  /** Of the traces that begin here, where the sampler asks for it. */
  readonly samplerRatio: number;
  /** What is said of this process beside its name and version, which these win over. */
  readonly resource: Readonly<Record<string, string>>;
}
