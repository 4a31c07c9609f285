import type { ChatRequest } from '../../contract/chat-request.js';
import { sseOrJson } from '../shared/answer/media-type.js';
import type { UpstreamSettings } from '../shared/connection/upstream-settings.js';
import { parseTokenCount } from '../shared/answer/token-count.js';
import { protocolFault } from '../shared/errors/upstream-fault.js';
import { HttpBackend } from '../shared/http-backend.js';
import { parseAnthropicAnswer, streamAnthropicAnswer } from './anthropic-answer.js';
import { fitOf, toAnthropicBody, toCountBody } from './anthropic-request.js';
import { readAnthropicStream } from './anthropic-stream.js';

export interface AnthropicSettings extends UpstreamSettings {
  /** Of the API, for callers that do not say one. */
  readonly anthropicVersion?: string | undefined;
}

/** The oldest that there is, which every server of this kind knows. */
const DEFAULT_VERSION = '2023-06-01';

/**
 * Anthropic's Messages, at Anthropic or at any server compatible with it.
 * @see https://platform.claude.com/docs/en/api/messages
 */
export function createAnthropicBackend(settings: AnthropicSettings): HttpBackend {
  const { anthropicVersion = DEFAULT_VERSION, headers = {} } = settings;
  const configured = new Map(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return new HttpBackend(keyInHeader(settings), {
    path: '/messages',
    fit: (request, target) => fitOf(request, target, versionOf(request)),
    send(upstream, request, target, stream, attempt) {
      const body = toAnthropicBody(request, target, stream, versionOf(request));
      return upstream.post(body, attempt, request, headersOf(request));
    },
    formOf: sseOrJson,
    readStream: readAnthropicStream,
    readWhole: parseAnthropicAnswer,
    streamWhole: streamAnthropicAnswer,
    counting: {
      path: '/messages/count_tokens',
      send(upstream, request, target, attempt) {
        const body = toCountBody(request, target, versionOf(request));
        return upstream.post(body, attempt, request, headersOf(request));
      },
      read(json, { backend }) {
        const count = parseTokenCount(json['input_tokens']);
        if (count === undefined) throw protocolFault(backend, 'answered without a count of tokens');
        return count;
      },
    },
  });

  /** The one that is sent: what is configured as a header wins over all others. */
  function versionOf({ native }: ChatRequest): string {
    const name = 'anthropic-version';
    return configured.get(name) ?? nativeHeaders(native)[name] ?? anthropicVersion;
  }

  /** The caller's own, of its dialect; what is configured is not the caller's to say. */
  function headersOf(request: ChatRequest): Readonly<Record<string, string>> {
    const own = Object.entries(nativeHeaders(request.native));
    return {
      'anthropic-version': versionOf(request),
      ...Object.fromEntries(own.filter(([name]) => !configured.has(name))),
    };
  }
}

function nativeHeaders(native: ChatRequest['native']): Readonly<Record<string, string>> {
  return (native?.dialect === 'messages' && native.headers) || {};
}

/** Servers of this kind have it in `x-api-key`; one that wants it elsewhere is told by `headers`. */
function keyInHeader({ apiKey, headers, ...settings }: AnthropicSettings): UpstreamSettings {
  return { ...settings, headers: { ...(apiKey && { 'x-api-key': apiKey }), ...headers } };
}
