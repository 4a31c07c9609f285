import { isJsonObject, type JsonObject } from '../../src/contract/json.js';
import type { BodySource } from './body-reader.js';
import { type SseItem, SseReader } from './sse-reader.js';

/** An event of the `chat` dialect. */
export interface ChatEvent {
  readonly id: string;
  readonly type: string;
  readonly data: JsonObject;
}

export function chatEventOf(item: SseItem | undefined): ChatEvent {
  if (item?.data === undefined) throw new Error(`No event, but ${JSON.stringify(item)}.`);
  const data: unknown = JSON.parse(item.data);
  if (!isJsonObject(data)) throw new Error(`Not the data of an event: ${item.data}`);
  return { id: item.id ?? '', type: item.event ?? 'nameless', data };
}

/** What fills the silence of `/chat`. */
export const CHAT_HEARTBEAT = { event: 'heartbeat', data: '{}' };

/** All events of the answer up to the end of a stream, which must be a clean one. */
export async function chatEvents(source: BodySource): Promise<ChatEvent[]> {
  const reader = new SseReader(source);
  const events: ChatEvent[] = [];
  for (let item = await reader.nextEvent(); item; item = await reader.nextEvent()) {
    events.push(chatEventOf(item));
  }
  if (reader.ended !== 'clean') throw new Error(`The stream was cut after: ${reader.raw}`);
  return events;
}

/** The text of the answer. */
export function textOf(events: readonly ChatEvent[]): string {
  return events
    .filter(({ type }) => type === 'message')
    .map(({ data }) => String(data['text']))
    .join('');
}
