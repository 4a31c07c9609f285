import type { Fault, BreakerEffect } from '../../src/contract/faults.js';
import { google, openAi } from './provider-bodies.js';

/** One error as a provider sends it: its status and the bytes of its body. */
export interface ProviderError {
  readonly provider: string;
  readonly status: number;
  readonly body: unknown;
  readonly fault: Fault;
  /** Where it means something else for the target than the fault usually does. */
  readonly breakerEffect?: BreakerEffect;
  /** Nothing but its status says what it is. */
  readonly byStatus?: true;
}

const refused =
  (fault: Fault, breakerEffect?: BreakerEffect) =>
  (provider: string, status: number, body: unknown) =>
    ({
      provider,
      status,
      body,
      fault,
      ...(breakerEffect && { breakerEffect }),
    }) satisfies ProviderError;

const filtered = refused('content_filtered');
const lacking = refused('unsupported_feature');
const noQuota = refused('quota_exhausted');
const noKey = refused('upstream_credentials');
const noModel = refused('upstream_model_missing');
const limited = refused('rate_limited');
const mistaken = refused('invalid_request');
const down = refused('upstream_unavailable');
const doubtful = (fault: Fault) => refused(fault, 'suspect');

const byStatus = (error: ProviderError): ProviderError => ({ ...error, byStatus: true });

const RETRY_INFO = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '27s' };

/** Errors that are about one request, and those that are about everybody. */
export const PROVIDER_ERRORS: readonly ProviderError[] = [
  // The prompt was refused for what it says.
  filtered('OpenRouter', 403, {
    error: {
      code: 403,
      message: 'Your chosen model requires moderation and your input was flagged',
      metadata: { reasons: ['violence'], flagged_input: 'x', provider_name: 'OpenAI' },
    },
  }),
  filtered('xAI', 403, {
    code: 'The caller does not have permission to execute the specified operation',
    error: 'Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO',
  }),
  filtered(
    'OpenAI',
    400,
    openAi(
      'Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a different prompt.',
      { code: 'invalid_prompt' },
    ),
  ),
  filtered('OpenAI', 400, openAi('Your request was rejected as a result of our safety system.')),
  filtered('Azure', 400, {
    error: {
      message:
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
      type: null,
      param: 'prompt',
      code: 'content_filter',
      status: 400,
      innererror: {
        code: 'ResponsibleAIPolicyViolation',
        content_filter_result: { jailbreak: { filtered: true, detected: true } },
      },
    },
  }),
  filtered('DeepSeek', 400, openAi('Content Exists Risk', { code: 'invalid_request_error' })),
  filtered('DeepSeek, early', 400, { detail: 'Content Exists Risk' }),
  filtered(
    'DashScope',
    400,
    openAi('Input data may contain inappropriate content.', {
      code: 'data_inspection_failed',
      type: 'data_inspection_failed',
    }),
  ),
  filtered(
    'DashScope',
    400,
    openAi(
      '<400> InternalError.Algo.DataInspectionFailed: Input text data may contain inappropriate content.',
    ),
  ),
  filtered(
    'Moonshot',
    400,
    openAi('The request was rejected because it was considered high risk', {
      type: 'content_filter',
    }),
  ),
  filtered('GLM', 400, {
    error: { code: '1301', message: '系统检测到输入或生成内容可能包含不安全或敏感内容' },
  }),
  filtered('LiteLLM', 400, {
    error: { message: 'litellm.ContentPolicyViolationError: no', type: null, code: '400' },
  }),
  filtered('Volcengine', 400, {
    error: { code: 'InputTextSensitiveContentDetected', message: 'x' },
  }),
  filtered('Anthropic', 400, {
    type: 'error',
    error: { type: 'invalid_request_error', message: 'Output blocked by content filtering policy' },
  }),

  // The model, or the server as it was started, lacks what one request needs.
  lacking('OpenRouter', 404, {
    error: {
      message:
        'No endpoints found that support tool use. Try disabling "f". To learn more about provider routing, visit: https://openrouter.ai/docs',
      code: 404,
    },
  }),
  lacking('OpenRouter', 404, {
    error: { message: 'No endpoints found that support image input', code: 404 },
  }),
  lacking('Xiaomi', 404, {
    error: { code: '404', message: 'No endpoints found that support image input', param: '' },
  }),
  lacking('Ollama /v1', 400, {
    error: { message: 'registry.ollama.ai/library/gemma3:4b does not support tools', code: null },
  }),
  lacking('Ollama', 400, { error: '"llama3.1:8b" does not support thinking' }),
  lacking('Ollama cloud', 400, {
    error: 'this model does not support image input (ref: b8bd630e-4a39)',
  }),
  lacking('llama.cpp', 500, {
    error: {
      code: 500,
      message:
        'image input is not supported - hint: if this is unexpected, you may need to provide the mmproj',
      type: 'server_error',
    },
  }),
  lacking('llama.cpp', 500, {
    error: { code: 500, message: 'tools param requires --jinja flag', type: 'server_error' },
  }),
  lacking('vLLM', 400, {
    object: 'error',
    message:
      '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
    type: 'BadRequestError',
    param: null,
    code: 400,
  }),
  lacking('vLLM', 400, {
    error: { message: 'At most 0 image(s) may be provided in one prompt.', code: 400 },
  }),
  lacking('DeepSeek', 422, {
    error: {
      message:
        'Failed to deserialize the JSON body into the target type: messages[1]: unknown variant `image_url`, expected `text` at line 1 column 228',
    },
  }),
  lacking(
    'OpenAI',
    400,
    openAi('Invalid content type. image_url is only supported by certain models.'),
  ),
  lacking(
    'Gemini',
    400,
    google(400, 'INVALID_ARGUMENT', 'Function calling is not enabled for models/gemma-3-27b-it'),
  ),
  lacking(
    'Gemini',
    400,
    google(400, 'INVALID_ARGUMENT', 'Image input modality is not enabled for models/gemma-3-1b-it'),
  ),

  // The operator's money.
  noQuota('OpenAI', 429, openAi('You exceeded your current quota', { code: 'insufficient_quota' })),
  noQuota('Anthropic', 400, {
    type: 'error',
    error: {
      type: 'invalid_request_error',
      message:
        'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
    },
  }),
  noQuota('DeepSeek', 402, openAi('Insufficient Balance', { type: 'unknown_error' })),
  noQuota('OpenRouter', 402, {
    error: { message: 'Insufficient credits. Add more using https://openrouter.ai', code: 402 },
  }),
  noQuota('GLM', 429, { error: { code: '1113', message: '余额不足或无可用资源包,请充值。' } }),
  noQuota('DashScope', 400, {
    code: 'Arrearage',
    message: 'Access denied, please make sure your account is in good standing.',
  }),
  noQuota(
    'Moonshot',
    429,
    openAi('Your account org-7c1b2a3d4e5f is suspended, please check your plan and billing', {
      type: 'exceeded_current_quota_error',
    }),
  ),
  noQuota('xAI', 429, {
    code: 'Some resource has been exhausted',
    error:
      'Your team 1a2b has either used all available credits or reached its monthly spending limit.',
  }),
  noQuota(
    'Gemini, of a day',
    429,
    google(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota', {
      '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
      violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }],
    }),
  ),
  noQuota(
    'Together',
    402,
    openAi('Credit limit exceeded, please add credits', { type: 'credit_limit' }),
  ),
  noQuota('Hugging Face', 402, {
    error: 'You have exceeded your monthly included credits for Inference Providers.',
  }),
  noQuota('Fireworks', 412, {
    error: {
      message: 'Account x is suspended, possibly due to reaching the monthly spending limit',
    },
  }),
  noQuota('LiteLLM', 400, {
    error: {
      message: 'Budget has been exceeded! Current cost: 10',
      type: 'budget_exceeded',
      code: '400',
    },
  }),
  doubtful('quota_exhausted')('a proxy', 402, '<html>Payment Required</html>'),
  refused('quota_exhausted', 'ignore')('OpenRouter', 402, {
    error: {
      code: 402,
      message:
        'This request requires more credits, or fewer max_tokens. You requested up to 64000 tokens, but can only afford 1432.',
    },
  }),

  // The operator's key, account or region.
  noKey('OpenAI', 401, openAi('Incorrect API key provided: sk-…', { code: 'invalid_api_key' })),
  noKey(
    'Gemini',
    400,
    google(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'API_KEY_INVALID',
    }),
  ),
  noKey(
    'Gemini',
    400,
    google(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.'),
  ),
  noKey('Anthropic', 400, {
    type: 'error',
    error: { type: 'invalid_request_error', message: 'This organization has been disabled.' },
  }),
  noKey(
    'Groq',
    400,
    openAi('Organization has been restricted. Please reach out to support.', {
      code: 'organization_restricted',
    }),
  ),
  noKey('OpenAI', 403, {
    error: {
      code: 'unsupported_country_region_territory',
      message: 'Country, region, or territory not supported',
      param: null,
      type: 'request_forbidden',
    },
  }),
  noKey(
    'OpenAI',
    401,
    openAi('Your OpenAI account has been deactivated.', { code: 'account_deactivated' }),
  ),
  noKey('Anthropic', 403, {
    type: 'error',
    error: {
      type: 'permission_error',
      message: 'Your API key does not have permission to use the specified resource.',
    },
  }),
  noKey('Bedrock', 403, {
    message: 'The security token included in the request is expired',
    __type: 'com.amazon.coral#ExpiredTokenException',
  }),
  noKey('Azure', 401, {
    error: {
      code: '401',
      message: 'Access denied due to invalid subscription key or wrong API endpoint.',
    },
  }),
  doubtful('upstream_credentials')('Cloudflare', 403, '<html>Sorry, you have been blocked</html>'),
  doubtful('upstream_credentials')('anybody', 403, { error: 'Forbidden' }),

  // The model that is configured is not there.
  noModel(
    'OpenAI',
    403,
    openAi('Project `proj_x` does not have access to model `gpt-4o`', { code: 'model_not_found' }),
  ),
  noModel('Azure', 404, {
    error: {
      code: 'DeploymentNotFound',
      message: 'The API deployment for this resource does not exist.',
    },
  }),
  noModel('vLLM', 404, {
    object: 'error',
    message: 'The model `qwen-7b` does not exist.',
    type: 'NotFoundError',
    code: 404,
  }),
  noModel('Ollama', 404, { error: 'model "llama3" not found, try pulling it first' }),
  noModel('Anthropic', 404, {
    type: 'error',
    error: { type: 'not_found_error', message: 'model: claude-nope' },
  }),
  noModel(
    'Gemini',
    404,
    google(404, 'NOT_FOUND', 'models/gemini-9 is not found for API version v1beta'),
  ),
  noModel('OpenRouter', 400, {
    error: { message: 'openai/gpt-9 is not a valid model ID', code: 400 },
  }),
  noModel('OpenRouter', 404, {
    error: { message: 'No endpoints found for openai/gpt-9.', code: 404 },
  }),
  noModel(
    'Groq',
    400,
    openAi('The model `x` has been decommissioned.', { code: 'model_decommissioned' }),
  ),
  noModel('Mistral', 400, {
    object: 'error',
    message: 'Invalid model: mistral-nope',
    type: 'invalid_model',
    param: null,
    code: '1500',
  }),
  noModel('GLM', 400, { error: { code: '1211', message: '模型不存在，请检查模型代码。' } }),
  noModel('Bedrock', 400, {
    message:
      'Invocation of model ID amazon.nova-pro-v1:0 with on-demand throughput isn’t supported.',
  }),
  noModel('LM Studio', 404, {
    error: { message: 'No models loaded. Please load a model in the developer page.' },
  }),
  noModel(
    'Moonshot',
    404,
    openAi('Not found the model kimi-9 or Permission denied', { type: 'resource_not_found_error' }),
  ),
  noModel(
    'OpenAI',
    404,
    openAi('This model is only supported in v1/responses and not in v1/chat/completions.'),
  ),
  noModel('Azure', 400, {
    error: {
      code: 'OperationNotSupported',
      message: 'The chatCompletion operation does not work with the specified model, x.',
    },
  }),
  noModel('Perplexity', 400, {
    error: {
      message: "Invalid model 'x'. Permitted models can be found in the documentation",
      type: 'invalid_model',
      code: 400,
    },
  }),
  noModel('Volcengine', 404, {
    error: {
      code: 'InvalidEndpointOrModel.NotFound',
      message: 'The model or endpoint x does not exist',
    },
  }),
  noModel('Cerebras', 404, {
    message: 'Model x does not exist or you do not have access to it.',
    type: 'not_found_error',
    param: 'model',
    code: 'model_not_found',
  }),
  doubtful('upstream_model_missing')('a server without that path', 404, '404 page not found'),
  doubtful('upstream_model_missing')('FastAPI', 404, { detail: 'Not Found' }),

  // Too much for now.
  limited(
    'OpenAI',
    429,
    openAi('Rate limit reached', { type: 'requests', code: 'rate_limit_exceeded' }),
  ),
  limited(
    'Gemini',
    429,
    google(
      429,
      'RESOURCE_EXHAUSTED',
      'You exceeded your current quota, please check your plan and billing details.',
      RETRY_INFO,
    ),
  ),
  limited('Azure', 429, {
    error: {
      code: '429',
      message:
        'Requests have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 6 seconds.',
    },
  }),
  limited('Bedrock', 429, { message: 'Too many tokens, please wait before trying again.' }),
  byStatus(
    limited(
      'Moonshot',
      429,
      openAi('The engine is currently overloaded, please try again later', {
        type: 'engine_overloaded_error',
      }),
    ),
  ),
  limited('GLM', 429, { error: { code: '1302', message: '您当前使用该API的并发数过高' } }),
  refused('rate_limited', 'ignore')(
    'Groq',
    413,
    openAi(
      'Request too large for model `llama-3.3-70b-versatile` in organization `org_01kgg5588eftc8k70aes4864eb` service tier `on_demand` on tokens per minute (TPM): Limit 12000, Requested 14137, please reduce your message size and try again.',
      { type: 'tokens', code: 'rate_limit_exceeded' },
    ),
  ),
  refused('rate_limited', 'ignore')(
    'OpenAI',
    429,
    openAi(
      'Request too large for gpt-4o in organization org-abcdefgh12 on tokens per min (TPM): Limit 30000, Requested 40000.',
      { type: 'tokens', code: 'rate_limit_exceeded' },
    ),
  ),

  // The upstream is not well.
  down('Anthropic', 529, {
    type: 'error',
    error: { type: 'overloaded_error', message: 'Overloaded' },
  }),
  down(
    'Gemini',
    503,
    google(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'),
  ),
  down('Cloudflare', 522, '<html>Connection timed out</html>'),
  down('nginx', 502, '<html><center>nginx</center></html>'),
  down('LocalAI', 500, { error: { code: 500, message: 'rpc error: context deadline exceeded' } }),
  down('Ollama', 500, {
    error: 'model requires more system memory (5.6 GiB) than is available (4.1 GiB)',
  }),
  down('Ollama', 503, {
    error: 'server busy, please try again. maximum pending requests exceeded',
  }),
  doubtful('upstream_unavailable')('LM Studio', 400, {
    error:
      'The model has crashed without additional information. (Exit code: 18446744072635812000)',
  }),
  down('LocalAI', 500, { error: { code: 500, message: 'could not load model', type: '' } }),
  doubtful('upstream_unavailable')('Hugging Face', 424, { error: 'Request failed' }),
  doubtful('upstream_unavailable')('Groq, flex', 498, openAi('Over capacity', { type: 'flex' })),

  // The caller's own, also where it quotes words of the operator's, or speaks of tokens.
  mistaken('FastAPI', 422, {
    detail: [
      { type: 'value_error', loc: ['body', 'temperature'], msg: 'must be at most 1.5', input: 9 },
    ],
  }),
  byStatus(
    mistaken('Workers AI', 400, {
      success: false,
      errors: [
        { code: 5006, message: "AiError: Bad input: required properties at '/' are 'prompt'" },
      ],
    }),
  ),
  mistaken('Databricks', 400, {
    error_code: 'BAD_REQUEST',
    message: 'temperature must be at most 1.5',
  }),
  mistaken('a relay', 400, 'temperature must be at most 1.5'),
  mistaken('nginx', 400, '<html>400 Bad Request</html>'),
  mistaken(
    'OpenAI',
    400,
    openAi("Invalid value: 'Your credit balance is too low'. Supported values are: 'user'.", {
      param: 'messages[0].role',
      code: 'invalid_value',
    }),
  ),
  mistaken(
    'OpenAI, early',
    400,
    openAi('Unrecognized request argument supplied: api key not valid'),
  ),
  mistaken('OpenAI', 400, openAi("Missing required parameter: 'messages'.")),
  mistaken(
    'OpenAI',
    400,
    openAi("Invalid type for 'temperature': expected a decimal, but got a string instead."),
  ),
  mistaken(
    'OpenAI',
    400,
    openAi(
      "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: call_x",
    ),
  ),
  mistaken(
    'OpenAI',
    400,
    openAi(
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
    ),
  ),
  mistaken('OpenAI', 400, openAi("Tool 'x' not found in provided tools.")),
  mistaken(
    'vLLM',
    400,
    openAi('Conversation roles must alternate user/assistant/user/assistant/...'),
  ),
  byStatus(
    mistaken('Mistral', 400, {
      object: 'error',
      message: 'Expected last role User or Tool for serving but got assistant',
      type: 'invalid_request_message_order',
      code: '3230',
    }),
  ),
  mistaken('Anthropic', 400, {
    type: 'error',
    error: {
      type: 'invalid_request_error',
      message: 'messages.1.content.0: unexpected `tool_use_id` found in `tool_result` blocks',
    },
  }),
  mistaken('Bedrock', 400, {
    message:
      'The model returned the following errors: Malformed input request: #: required key [prompt] not found, please reformat your input and try again.',
  }),
  mistaken(
    'Gemini',
    400,
    google(
      400,
      'INVALID_ARGUMENT',
      'Please ensure that function call turn comes immediately after a user turn',
    ),
  ),
  mistaken('OpenAI', 400, openAi('Your organization has disabled web search for this project.')),
  mistaken('Mistral', 422, {
    object: 'error',
    message: {
      detail: [
        {
          type: 'extra_forbidden',
          loc: ['body', 'model does not exist: insufficient credits'],
          msg: 'Extra inputs are not permitted',
        },
      ],
    },
    type: 'invalid_request_error',
  }),
  mistaken(
    'OpenAI',
    400,
    openAi(
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      { param: 'max_tokens', code: 'unsupported_parameter' },
    ),
  ),
  mistaken(
    'OpenAI',
    400,
    openAi(
      'max_tokens is too large: 100000. This model supports at most 16384 completion tokens, whereas you provided 100000.',
      { param: 'max_tokens', code: 'invalid_value' },
    ),
  ),
  mistaken('Anthropic', 400, {
    type: 'error',
    error: {
      type: 'invalid_request_error',
      message:
        'max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens for claude-3-5',
    },
  }),
  mistaken(
    'DeepSeek',
    400,
    openAi('Invalid max_tokens value, the valid range of max_tokens is [1, 8192]'),
  ),
  mistaken(
    'DashScope',
    400,
    openAi('<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 8192]'),
  ),
];
