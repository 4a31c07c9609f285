import { isOllamaPath, ROUTES } from '../routes.js';

/** What the common SDKs should call instead of the APIs that are not here. */
const INSTEAD: Readonly<Record<string, string>> = {
  '/v1/completions':
    'The legacy Completions API is not spoken here: use client.chat.completions.create, in LangChain ChatOpenAI instead of OpenAI.',
  '/v1/embeddings': 'Embeddings are not offered here: send them to the provider itself.',
};

/** What is under /v1, for paths that tell nothing of what was meant. */
const UNDER_V1 = `Under /v1 there are ${routesUnder('/v1')}.`;

/** Ends of a path that a client appends to its base URL. */
const APPENDED = /\/(chat\/completions|models|responses|messages)$/i;

/**
 * What whoever asks for a path that is not there should do instead.
 * @param path without slashes at its end
 * @param baseUrl for an OpenAI client
 */
export function hintFor(path: string, baseUrl: string): string {
  const lower = path.toLowerCase();
  if (isUnder('/v1/v1/messages', lower)) {
    return `The base URL ends with /v1, and Anthropic's clients add that themselves: they want ${baseUrl.replace(/\/v1$/, '')}.`;
  }
  if (isUnder('/v1/v1', lower)) {
    return `The base URL ends with /v1 twice, or the client adds it: the path is /v1/chat/completions, and an OpenAI client wants the base URL ${baseUrl}.`;
  }
  if (isUnder('/v1/chat/completions', lower) && APPENDED.test(lower.slice(4))) {
    return `The base URL goes on too long: an OpenAI client adds /chat/completions itself, to ${baseUrl}.`;
  }
  if (isUnder('/openai', lower)) {
    return `Azure's paths are not spoken here: use the OpenAI client instead of AzureOpenAI, with the base URL ${baseUrl} and the name of a model in place of a deployment.`;
  }
  if (isUnder('/v1/messages', lower)) {
    return 'Of the Anthropic API there are POST /v1/messages, POST /v1/messages/count_tokens and GET /v1/models.';
  }
  if (isUnder('/v1/responses', lower)) {
    return 'Sluice keeps no responses, so there is none to get, list or delete: of the Responses API there is POST /v1/responses. To cancel a stream, close it.';
  }
  if (isOllamaPath(path)) {
    return `The Ollama API is not spoken here: use an OpenAI client with the base URL ${baseUrl}.`;
  }
  const instead = INSTEAD[lower];
  if (instead) return instead;
  if (isUnder('/v1', lower)) return UNDER_V1;
  return 'GET /docs shows those that there are.';
}

function isUnder(parent: string, path: string): boolean {
  return path === parent || path.startsWith(`${parent}/`);
}

/** Such as `GET /v1/models/{id}`, and the others, as a sentence lists them. */
function routesUnder(parent: string): string {
  const routes = ROUTES.filter(({ path }) => isUnder(parent, path)).map(
    ({ methods: [method], path }) => `${method} ${path.replace(/\*(\w+)/g, '{$1}')}`,
  );
  return new Intl.ListFormat('en-GB').format(routes);
}
