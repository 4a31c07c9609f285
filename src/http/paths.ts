/** What exists (in any case, as Express takes it), and the methods that it takes; longer paths first where one begins with another. */
export const PATHS: readonly { readonly path: RegExp; readonly allow: string }[] = [
  { path: /^\/chat(\/.+)?\/?$/i, allow: 'GET, HEAD, POST' },
  { path: /^\/v1\/chat\/completions\/?$/i, allow: 'POST' },
  { path: /^\/v1\/models(\/.+)?\/?$/i, allow: 'GET, HEAD' },
  { path: /^\/(livez|readyz|metrics|openapi\.json|docs)\/?$/i, allow: 'GET, HEAD' },
];

/** What probes and Prometheus ask for, by whatever name or address they reach the pod. */
export function isOperationsPath(path: string): boolean {
  return /^\/(livez|readyz|metrics)\/?$/i.test(path);
}

/** Requests to these paths ask for a generation. */
export function isGenerationPath(path: string): boolean {
  return /^\/(chat(\/.+)?|v1\/chat\/completions)\/?$/i.test(path);
}

/** Clients of Ollama ask here, and know errors in one shape of their own. */
export function isOllamaPath(path: string): boolean {
  return /^\/api(\/|$)/i.test(path);
}
