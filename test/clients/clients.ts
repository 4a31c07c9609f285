import { aiSdkAnthropic, aiSdkCompatible, aiSdkOpenAi } from './ai-sdk.js';
import { anthropicCreate, anthropicStream, anthropicStreamOld } from './anthropic-sdk.js';
import type { Client } from './client.js';
import { langChainAnthropic, langChainOpenAi } from './langchain.js';
import { openAiCreate, openAiStream } from './openai-sdk.js';

/** In the order of docs/clients.md. */
export const CLIENTS: readonly Client[] = [
  openAiCreate,
  openAiStream,
  aiSdkOpenAi,
  aiSdkCompatible,
  langChainOpenAi,
  anthropicCreate,
  anthropicStream,
  anthropicStreamOld,
  aiSdkAnthropic,
  langChainAnthropic,
];
