/** What servers call a stream of server-sent events, and one piece of JSON. */
export function sseOrJson(mediaType: string): 'stream' | 'whole' | undefined {
  if (/^text\/event-stream\b/i.test(mediaType)) return 'stream';
  return /^(?:application|text)\/(?:[\w.-]+\+)?json\b/i.test(mediaType) ? 'whole' : undefined;
}
