import {
  makeCounterProvider,
  makeGaugeProvider,
  makeHistogramProvider,
} from '@willsoto/nestjs-prometheus';
import { droppedLines } from './log/standard-streams.js';

/** From a fast local model's first token to a deep reasoner's. */
const FIRST_TOKEN_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120,
];
const TOKEN_GAP_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
];
const STREAM_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1200,
];
const TOKENS_PER_SECOND = [1, 2, 5, 10, 20, 30, 40, 50, 75, 100, 150, 200, 300, 500, 1000];

const CANCEL_SECONDS = [
  0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5,
];
const QUEUE_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Every metric of Sluice; docs/metrics.md explains them, and a test holds the two together. */
export const METRIC_PROVIDERS = [
  makeCounterProvider({
    name: 'llm_tokens_total',
    help: 'Tokens of ended generations; source says whether the upstream reported them or Sluice counted parts of content.',
    labelNames: ['caller', 'model', 'backend', 'type', 'source'],
  }),
  makeCounterProvider({
    name: 'llm_cached_input_tokens_total',
    help: 'Input tokens that upstreams reported to have had in a cache; they are part of the input.',
    labelNames: ['caller', 'model', 'backend'],
  }),
  makeCounterProvider({
    name: 'llm_reasoning_tokens_total',
    help: 'Output tokens that upstreams reported to have been thought; they are part of the output.',
    labelNames: ['caller', 'model', 'backend'],
  }),
  makeCounterProvider({
    name: 'llm_cost_usd_total',
    help: 'What ended generations cost at each backend, by the prices of its targets; without a price there is no series.',
    labelNames: ['caller', 'model', 'backend'],
  }),
  makeHistogramProvider({
    name: 'llm_token_latency_seconds',
    help: 'Time between two parts of content of one stream.',
    labelNames: ['model', 'backend'],
    buckets: TOKEN_GAP_SECONDS,
  }),
  makeHistogramProvider({
    name: 'llm_time_to_first_token_seconds',
    help: 'From the parsed request to the first content written to the caller.',
    labelNames: ['model', 'backend'],
    buckets: FIRST_TOKEN_SECONDS,
  }),
  makeHistogramProvider({
    name: 'llm_stream_tokens_per_second',
    help: 'Output tokens per second of one stream, after its first content.',
    labelNames: ['model', 'backend'],
    buckets: TOKENS_PER_SECOND,
  }),
  makeGaugeProvider({
    name: 'llm_active_streams',
    help: 'Generations that are running.',
    labelNames: ['caller'],
  }),
  makeCounterProvider({
    name: 'llm_streams_total',
    help: 'Generations that ended, by their one end reason.',
    labelNames: ['caller', 'model', 'backend', 'dialect', 'end_reason'],
  }),
  makeHistogramProvider({
    name: 'llm_stream_duration_seconds',
    help: 'From the start of a generation to its end.',
    labelNames: ['model', 'end_reason'],
    buckets: STREAM_SECONDS,
  }),
  makeCounterProvider({
    name: 'llm_attempts_total',
    help: 'Requests to upstreams, by their outcome: ok, cancelled or a fault.',
    labelNames: ['model', 'backend', 'outcome'],
  }),
  makeCounterProvider({
    name: 'llm_fallbacks_total',
    help: 'Attempts that followed a failed one on another target.',
    labelNames: ['model', 'from', 'to', 'reason'],
  }),
  makeCounterProvider({
    name: 'llm_rejections_total',
    help: 'Requests refused before a generation existed.',
    labelNames: ['fault'],
  }),
  makeCounterProvider({
    name: 'llm_limit_refusals_total',
    help: 'Requests refused by a limit of their caller or of their model.',
    labelNames: ['caller', 'model', 'limit', 'of'],
  }),
  makeCounterProvider({
    name: 'llm_recoveries_total',
    help: 'Answers that broke off after their first content, by what became of them.',
    labelNames: ['model', 'outcome'],
  }),
  makeCounterProvider({
    name: 'llm_upstream_malformed_events_total',
    help: 'Pieces of streams that were no JSON; they were skipped.',
    labelNames: ['backend'],
  }),
  makeGaugeProvider({
    name: 'llm_breaker_open',
    help: 'Whether a target is left alone (1) or asked as usual (0).',
    labelNames: ['backend', 'target_model'],
  }),
  makeHistogramProvider({
    name: 'llm_cancel_latency_seconds',
    help: 'From the caller leaving to the upstream connection closed.',
    buckets: CANCEL_SECONDS,
  }),
  makeHistogramProvider({
    name: 'llm_queue_wait_seconds',
    help: 'How long generations waited for room; those that did not wait are not observed.',
    labelNames: ['model'],
    buckets: QUEUE_SECONDS,
  }),
  makeCounterProvider({
    name: 'llm_stream_wait_seconds_total',
    help: 'The time of ended generations, by whom they waited for and which backend was being asked.',
    labelNames: ['model', 'backend', 'on'],
  }),
  makeCounterProvider({
    name: 'llm_stream_stalls_total',
    help: 'Single waits of a generation that were longer than streams.stallMs.',
    labelNames: ['on'],
  }),
  makeGaugeProvider({
    name: 'llm_attempts_in_flight',
    help: 'Requests to upstreams that are running, by target.',
    labelNames: ['backend', 'target_model'],
  }),
  makeGaugeProvider({
    name: 'llm_streams_waiting',
    help: 'Generations that are running, by whom they wait for now.',
    labelNames: ['on'],
  }),
  makeGaugeProvider({
    name: 'llm_slots_in_use',
    help: 'Slots of this process that generations have.',
  }),
  makeGaugeProvider({ name: 'llm_slots_limit', help: 'Slots that there are: limits.streams.' }),
  makeGaugeProvider({
    name: 'llm_queue_length',
    help: 'Generations that wait for a slot, or for room at a backend.',
  }),
  makeGaugeProvider({
    name: 'llm_queue_limit',
    help: 'How many may wait for a slot: limits.queue.size.',
  }),
  makeCounterProvider({
    name: 'sluice_log_lines_dropped_total',
    help: 'Lines of the log that could not be written: their reader stalls or is gone, or the disk is full.',
    collect() {
      this.reset();
      this.inc(droppedLines());
    },
  }),
  makeCounterProvider({
    name: 'sluice_usage_rows_dropped_total',
    help: 'Rows of the usage ledger that were given up: its store is away for too long, or refuses them.',
    labelNames: ['reason'],
  }),
  makeGaugeProvider({
    name: 'sluice_redis_up',
    help: 'Whether Redis answers (1) or each replica counts alone (0); absent without redis.',
  }),
  makeGaugeProvider({
    name: 'sluice_config_last_reload_successful',
    help: 'Whether the configuration that the files say holds (1), or they are unsound and an older one does (0).',
  }),
  makeGaugeProvider({
    name: 'sluice_config_last_reload_success_timestamp_seconds',
    help: 'When the configuration that holds was taken over.',
  }),
  makeGaugeProvider({
    name: 'sluice_config_info',
    help: 'Always 1; the label says which configuration holds, as sha256sum has its file.',
    labelNames: ['sha256'],
  }),
  makeGaugeProvider({
    name: 'sluice_build_info',
    help: 'Always 1; the labels say what is running.',
    labelNames: ['version', 'node'],
  }),
];
