import type { Fault, BreakerEffect } from '../../../contract/faults.js';
import {
  LACKS_FEATURE,
  MODERATED,
  NO_ACCESS,
  NO_MODEL,
  NO_MONEY,
  TOO_LONG,
  TOO_MUCH_OUTPUT,
} from './sentences.js';

/**
 * What upstreams say, and whose fault it is. A row is met when its status fits and it knows one of
 * the upstream's words or its sentence, where it has any.
 */
export interface FaultRule {
  /** Absent: every status. `undefined` among them is an error within a 200, which has none of its own. */
  readonly status?: readonly (number | undefined)[];
  /** Codes, types and reasons, with spaces between; case, `_` and `-` do not matter. */
  readonly words?: string;
  /** Searched in the upstream's sentences. */
  readonly says?: RegExp;
  readonly fault: Fault;
  /** Where it means something else for the target than the fault usually does. */
  readonly breakerEffect?: BreakerEffect;
}

/** From the narrowest to the widest: the first row that is met decides. */
export const FAULT_RULES: readonly FaultRule[] = [
  // OpenRouter: this request costs more than is left; smaller ones are answered.
  {
    status: [402],
    says: /\bfewer max_tokens|\bcan only afford\b/i,
    fault: 'quota_exhausted',
    breakerEffect: 'ignore',
  },
  // Groq (413), OpenAI (429): one request over the limit of a whole minute. Waiting does not help
  // it, and others are answered.
  {
    status: [413, 429, undefined],
    says: /\brequest too large\b.{0,300}\b(?:tokens per|tpm)\b/is,
    fault: 'rate_limited',
    breakerEffect: 'ignore',
  },

  // OpenAI, Anthropic, Moonshot (429), DashScope and Volcengine (400, 403), GLM (1113, 1304 to 1309), one-api
  // (403), MiniMax (1008), Bedrock, Gemini's limits of a day.
  {
    words: `insufficient_quota billing_error billing_not_active billing_hard_limit_reached
      insufficient_balance insufficient_credits exceeded_current_quota_error Arrearage 1113
      insufficient_user_quota pre_consume_token_quota_failed AccountOverdueError base_resp_1008
      quota_per_day ServiceQuotaExceededException budget_exceeded ServiceOverdue FreeTierOnly
      1304 1308 1309`,
    fault: 'quota_exhausted',
  },
  // Anthropic (400), DeepSeek (402), xAI (403, 429), Fireworks (412), Ollama (in-band).
  { says: NO_MONEY, fault: 'quota_exhausted' },
  // Gemini and Vertex: by the minute, though with OpenAI's sentence about quotas.
  { words: 'RESOURCE_EXHAUSTED', fault: 'rate_limited' },
  { says: /\bexceeded your current quota\b/i, fault: 'quota_exhausted' },

  // OpenAI, Azure, Gemini (400), Groq (400), DashScope, Bedrock, MiniMax (1004), GLM (1112).
  {
    words: `invalid_api_key incorrect_api_key API_KEY_INVALID API_KEY_SERVICE_BLOCKED
      account_deactivated organization_restricted organization_deactivated ip_not_authorized
      unsupported_country_region_territory token_expired invalid_authentication_error
      UnrecognizedClientException ExpiredTokenException AccessDeniedException base_resp_1004 1112`,
    fault: 'upstream_credentials',
  },
  // Gemini (400), Groq (400), Anthropic (400: "This organization has been disabled.").
  { says: NO_ACCESS, fault: 'upstream_credentials' },
  // OpenAI streams some models only for organizations that showed their papers.
  {
    says: /\borgani[sz]ation must be verified\b/i,
    fault: 'upstream_credentials',
    breakerEffect: 'suspect',
  },

  // OpenAI, Azure, OpenRouter (403), DashScope, GLM (1301), MiniMax (1026, 1027), Gemini, relays.
  {
    words: `content_filter content_filter_error content_policy_violation flagged_input
      ResponsibleAIPolicyViolation invalid_prompt moderation_blocked data_inspection_failed
      sensitive_words_detected SensitiveContentDetected InputTextSensitiveContentDetected base_resp_1026 base_resp_1027
      PROHIBITED_CONTENT SAFETY BLOCKLIST cyber_policy_violation bio_policy
      misalignment_policy_violation image_content_policy_violation`,
    fault: 'content_filtered',
  },
  { status: [400, undefined], words: '1301', fault: 'content_filtered' },
  // xAI (403), DeepSeek (400), Moonshot (400), Anthropic (400), Bedrock.
  { says: MODERATED, fault: 'content_filtered' },

  // OpenRouter (404), Ollama (400, 500), llama.cpp (500), vLLM, OpenAI, Gemini, DeepSeek (422).
  {
    status: [400, 404, 405, 422, 500, 501, undefined],
    says: LACKS_FEATURE,
    fault: 'unsupported_feature',
  },

  // OpenAI, Azure, Groq (400), GLM (1211), Siliconflow (20012), Volcengine, Databricks, Mistral (400).
  {
    words: `model_not_found DeploymentNotFound ModelNotFound model_not_available
      model_decommissioned model_not_active model_permission_blocked_org model_not_supported
      invalid_model unknown_model ENDPOINT_NOT_FOUND RESOURCE_DOES_NOT_EXIST 1211 20012 30003
      ModelNotOpen InvalidEndpointOrModel`,
    fault: 'upstream_model_missing',
  },
  // Ollama, vLLM, Gemini, OpenRouter, LM Studio, Perplexity, Together, Bedrock.
  {
    status: [400, 403, 404, 410, 422, undefined],
    says: NO_MODEL,
    fault: 'upstream_model_missing',
  },

  // LM Studio says 400 where its model has died, maybe of this request; others where theirs loads.
  {
    status: [400, 404, undefined],
    says: /\bmodel (?:has |was |is )?(?:been )?(?:unloaded|crashed)\b|\bfailed to load model\b|\bmodel is (?:currently |still )?(?:loading|being loaded)\b/i,
    fault: 'upstream_unavailable',
    breakerEffect: 'suspect',
  },

  // No request is a 401 for what it asks. A 403 may be: only one that speaks of a key or a
  // permission is about everybody.
  { status: [401], fault: 'upstream_credentials' },
  {
    status: [403],
    words: 'permission_error PermissionDeniedError PERMISSION_DENIED authentication_error',
    says: /\b(?:api|access|subscription)[ _-]?(?:key|token)\b|\bnot have (?:the )?(?:required )?permissions?\b|\binsufficient permissions?\b|\bpermission denied\b|\bnot authorized to\b/i,
    fault: 'upstream_credentials',
  },
  {
    status: [undefined],
    words: `authentication_error AuthenticationError UNAUTHENTICATED permission_error
      PermissionDeniedError PERMISSION_DENIED`,
    fault: 'upstream_credentials',
  },

  // Groq says it as 413, relays as 400 or 403, Azure within the stream; Bedrock, DashScope, GLM
  // (1302 to 1305), MiniMax (1002, 1039).
  {
    words: `rate_limit_exceeded rate_limit_error rate_limit_reached RateLimitError
      too_many_requests ThrottlingException Throttling RateQuota limit_requests
      limit_burst_rate REQUEST_LIMIT_EXCEEDED 1302 1303 1305 base_resp_1002 base_resp_1039`,
    fault: 'rate_limited',
  },
  {
    status: [400, 403, 413, undefined],
    says: /\brate.?limit(?:s|ed)?\b.{0,30}\b(?:exceeded|reached|hit)\b|\bexceeded\b.{0,30}\brate limit|\btoo many requests\b/i,
    fault: 'rate_limited',
  },

  // OpenAI, llama.cpp, OpenRouter, GLM (1261), GitHub Models, Copilot, Anthropic (413).
  {
    words: `context_length_exceeded exceed_context_size_error max_tokens_exceeded
      context_window_exceeded model_max_prompt_tokens_exceeded tokens_limit_reached
      request_too_large prompt_too_long input_too_long 1261`,
    fault: 'context_too_long',
  },
  // OpenAI, Mistral, vLLM, DeepSeek: a field, also where its name is that of a limit.
  {
    status: [400, 422, undefined],
    words: `unknown_parameter unsupported_parameter unsupported_value extra_forbidden
      string_above_max_length array_above_max_length`,
    fault: 'invalid_request',
  },
  // OpenAI, Anthropic, DeepSeek, DashScope: "max_tokens is too large".
  { status: [400, 422, undefined], says: TOO_MUCH_OUTPUT, fault: 'invalid_request' },
  { status: [400, 413, 422, 500, undefined], says: TOO_LONG, fault: 'context_too_long' },

  // OpenAI's Responses: an image of the caller's.
  {
    status: [400, 422, undefined],
    words: `invalid_image invalid_image_format invalid_base64_image invalid_image_url image_too_large
      image_too_small image_parse_error invalid_image_mode image_file_too_large
      unsupported_image_media_type empty_image_file failed_to_download_image image_file_not_found`,
    fault: 'invalid_request',
  },

  // Within a 200 only the word for it stands for the status: OpenAI, Gemini, vLLM, Bedrock, FastAPI.
  {
    status: [undefined],
    words: `invalid_request_error invalid_request INVALID_ARGUMENT FAILED_PRECONDITION
      BadRequestError ValidationException validation_error bad_request field_error`,
    fault: 'invalid_request',
  },
  {
    status: [undefined],
    words: 'not_found_error NOT_FOUND NotFoundError',
    fault: 'upstream_model_missing',
    breakerEffect: 'suspect',
  },
];

/** What a status means where nothing else was said. */
export function faultOfStatus(status: number | undefined): Fault {
  if (status === undefined || status >= 500) return 'upstream_unavailable';
  return FAULT_OF_STATUS[status] ?? 'upstream_protocol';
}

const FAULT_OF_STATUS: Readonly<Record<number, Fault>> = {
  400: 'invalid_request',
  401: 'upstream_credentials',
  402: 'quota_exhausted',
  403: 'upstream_credentials',
  404: 'upstream_model_missing',
  408: 'upstream_unavailable',
  409: 'upstream_unavailable',
  410: 'upstream_model_missing',
  // Cerebras and Mistral say so without a word, nginx with a page: another target may take more.
  413: 'context_too_long',
  422: 'invalid_request',
  // Hugging Face while it loads a model.
  424: 'upstream_unavailable',
  425: 'upstream_unavailable',
  429: 'rate_limited',
  // Groq's flex tier without room; nginx's word for a request that its client gave up.
  498: 'upstream_unavailable',
  499: 'upstream_unavailable',
};
