import { aiSdkAnthropic, aiSdkCompatible, aiSdkOpenAi, aiSdkResponses } from './ai-sdk.js';
import { anthropicCreate, anthropicStream, anthropicStreamOld } from './anthropic-sdk.js';
import type { Client } from './client.js';
import { langChainAnthropic, langChainOpenAi, langChainResponses } from './langchain.js';
import { openAiAgents } from './openai-agents.js';
import { openAiResponsesCreate, openAiResponsesStream } from './openai-responses.js';
import { openAiCreate, openAiStream } from './openai-sdk.js';

/** In the order of docs/clients.md. */
export const CLIENTS: readonly Client[] = [
  openAiCreate,
  openAiStream,
  aiSdkOpenAi,
  aiSdkCompatible,
  langChainOpenAi,
  openAiResponsesCreate,
  openAiResponsesStream,
  aiSdkResponses,
  langChainResponses,
  openAiAgents,
  anthropicCreate,
  anthropicStream,
  anthropicStreamOld,
  aiSdkAnthropic,
  langChainAnthropic,
];
