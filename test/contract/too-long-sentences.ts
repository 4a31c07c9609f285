import { google, openAi } from './provider-bodies.js';

/** The prompt does not fit: status and sentence, in most without a code. */
export const TOO_LONG: readonly (readonly [provider: string, status: number, body: unknown])[] = [
  [
    'OpenAI',
    400,
    openAi(
      "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens. Please reduce the length of the messages.",
      { param: 'messages', code: 'context_length_exceeded' },
    ),
  ],
  ...(
    [
      [
        'OpenAI',
        'Your input exceeds the context window of this model. Please adjust your input and try again.',
      ],
      [
        'OpenAI, vLLM',
        "'max_tokens' or 'max_completion_tokens' is too large: 2000. This model's maximum context length is 4096 tokens and your request has 2104 input tokens (2000 > 4096 - 2104).",
      ],
      ['Anthropic', 'prompt is too long: 213462 tokens > 200000 maximum'],
      [
        'Anthropic',
        'input length and `max_tokens` exceed context limit: 199759 + 8192 > 200000, decrease input length or `max_tokens` and try again',
      ],
      [
        'Gemini',
        'The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).',
      ],
      [
        'Vertex',
        'Unable to submit request because the input token count is 300000 but model only supports up to 131072.',
      ],
      [
        'xAI',
        "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
      ],
      ['Bedrock', 'Input is too long for requested model.'],
      [
        'Bedrock',
        'Malformed input request: expected maxLength: 42000, actual: 46735, please reformat your input and try again.',
      ],
      ['Groq', 'Please reduce the length of the messages or completion.'],
      [
        'Cerebras',
        'Please reduce the length of the messages or completion. Current length is 42328 while limit is 40000',
      ],
      ['llama.cpp', 'the request exceeds the available context size, try increasing it'],
      ['llama-cpp-python', 'Requested tokens (5000) exceed context window of 4096'],
      ['LM Studio', 'tokens to keep from the initial prompt is greater than the context length'],
      [
        'LM Studio',
        'Trying to keep the first 9000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens',
      ],
      ['Ollama', 'the input length exceeds the context length'],
      ['MiniMax', 'invalid params, context window exceeds limit'],
      [
        'Moonshot',
        'Invalid request: Your request exceeded model token limit: 262144 (requested: 300000)',
      ],
      ['Copilot', 'prompt token count of 130000 exceeds the limit of 128000'],
      ['TGI', 'Input validation error: `inputs` must have less than 4095 tokens. Given: 5000'],
      [
        'TGI, Together',
        'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000 `inputs` tokens and 512 `max_new_tokens`',
      ],
      [
        'SGLang',
        "The input (9000 tokens) is longer than the model's context length (8192 tokens).",
      ],
      ['SGLang', 'Input length (9000 tokens) exceeds the maximum allowed length (8192 tokens).'],
      [
        'vLLM',
        'The decoder prompt (length 40000) is longer than the maximum model length of 32768.',
      ],
      [
        'vLLM',
        'The prompt (total length 25938) is too long to fit into the model (context length 4096).',
      ],
      [
        'Mistral',
        'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
      ],
      ['Cohere', 'too many tokens: total number of tokens in the prompt cannot exceed 128000'],
      [
        'Cohere',
        'too many tokens: size limit exceeded by 12000 tokens. Try using shorter or fewer inputs.',
      ],
      ['Fireworks', 'The prompt is too long: 140000, model maximum context length: 131071'],
      ['GLM', 'Prompt exceeds max length'],
      [
        'Siliconflow',
        'number of input tokens (204703) has exceeded max_prompt_tokens (202752) limit.',
      ],
      ['Siliconflow', 'length of prompt_tokens (40000) must be less than max_seq_len (32768).'],
      ['DashScope', 'Range of input length should be [1, 30720]'],
      ['Baidu', 'Prompt tokens too long'],
      ['Volcengine', 'Total tokens of image and text exceed max message tokens'],
      [
        'OpenRouter',
        "This endpoint's maximum context length is 65536 tokens. However, you requested about 70000 tokens.",
      ],
    ] as const
  ).map(([provider, message]) => [provider, 400, openAi(message)] as const),
  ['GLM', 400, { error: { code: '1261', message: 'Prompt 超长' } }],
  [
    'OpenRouter',
    400,
    {
      error: {
        message: 'This endpoint limit was exceeded',
        code: 400,
        metadata: { error_type: 'max_tokens_exceeded' },
      },
    },
  ],
  [
    'OpenRouter, of its provider',
    400,
    {
      error: {
        message: 'Provider returned error',
        code: 400,
        metadata: {
          raw: '{"error":{"message":"prompt is too long: 205000 tokens > 200000 maximum"}}',
          provider_name: 'Anthropic',
        },
      },
    },
  ],
  [
    'xAI',
    400,
    {
      code: 'Client specified an invalid argument',
      error: "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    },
  ],
  [
    'Gemini',
    400,
    google(
      400,
      'INVALID_ARGUMENT',
      'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
    ),
  ],
  [
    'LiteLLM',
    400,
    { error: { message: 'litellm.ContextWindowExceededError: no', type: null, code: '400' } },
  ],
  ['DeepSeek', 500, { error: { message: 'input length too long' } }],
  [
    'TGI',
    422,
    {
      error: 'Input validation error: `inputs` must have less than 4095 tokens. Given: 5000',
      error_type: 'validation',
    },
  ],
  [
    'GitHub Models',
    413,
    {
      error: {
        code: 'tokens_limit_reached',
        message: 'Request body too large for gpt-4o model. Max size: 8000 tokens.',
      },
    },
  ],
  [
    'Anthropic',
    413,
    {
      type: 'error',
      error: { type: 'request_too_large', message: 'Request exceeds the maximum size' },
    },
  ],
  ['Cerebras, Mistral', 413, ''],
  ['nginx', 413, '<html>413 Request Entity Too Large</html>'],
];
