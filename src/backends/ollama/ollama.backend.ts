import type { Target } from '../../contract/chat-backend.js';
import { GatewayError } from '../../contract/gateway-error.js';
import type { UpstreamSettings } from '../shared/connection/upstream-settings.js';
import { wasConnected } from '../shared/errors/upstream-fault.js';
import { HttpBackend } from '../shared/http-backend.js';
import { parseOllamaAnswer } from './ollama-answer.js';
import { fitOf, toOllamaBody } from './ollama-request.js';
import { readOllamaStream } from './ollama-stream.js';

/** Ollama's native `/api/chat`. */
export function createOllamaBackend(settings: UpstreamSettings): HttpBackend {
  return new HttpBackend(settings, {
    path: '/api/chat',
    fit: fitOf,
    async send(upstream, request, target, stream, attempt) {
      try {
        return await upstream.post(toOllamaBody(request, target, stream), attempt, request);
      } catch (error) {
        throw withRemedy(error, target);
      }
    },
    formOf,
    readStream: readOllamaStream,
    readWhole: parseOllamaAnswer,
  });
}

function formOf(mediaType: string): 'stream' | 'whole' | undefined {
  if (/^application\/x-ndjson\b/i.test(mediaType)) return 'stream';
  return /^application\/json\b/i.test(mediaType) ? 'whole' : undefined;
}

/** Ollama runs on people's own machines: tell them the command that helps. */
function withRemedy(error: unknown, { backend, model }: Target): unknown {
  if (!(error instanceof GatewayError)) return error;
  const { fault, cause, upstream } = error;
  if (fault === 'upstream_model_missing') {
    const message = `Ollama (backend "${backend}") does not have the model "${model}": run "ollama pull ${model}".`;
    return error.saying(message);
  }
  const isUnreachable = upstream.status === undefined && !wasConnected(cause);
  if (fault === 'upstream_unavailable' && isUnreachable) {
    const message = `Ollama (backend "${backend}") cannot be reached: start it with "ollama serve", or correct its baseUrl.`;
    return error.saying(message);
  }
  return error;
}
