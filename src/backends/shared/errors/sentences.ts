/**
 * The sentences that need more than a line of pattern: what is said of a prompt that is too long,
 * of a model that lacks something, of an account, of a refused prompt.
 */

const INPUT = String.raw`\b(?:prompts?|inputs?|messages?|requests?|conversation|contexts?|tokens?)\b`;

/** A prompt that does not fit, by itself or together with the output it asks for. */
export const TOO_LONG = anyOf(
  // OpenAI, vLLM, SGLang, llama.cpp, LM Studio, Mistral, Fireworks, MiniMax, Anthropic, xAI.
  String.raw`\bcontext[ _-]?(?:length|window|size|limit)|\bmaximum (?:model|prompt|input|sequence|context) length`,
  // Anthropic, Bedrock, Baidu; GitHub Models says it of the body.
  String.raw`${INPUT}(?:(?!image|file|audio|video|name|stop).){0,80}\b(?:too (?:long|large|big)|longer than)\b`,
  // Gemini, Copilot, Moonshot, GLM, Siliconflow, Databricks, Volcengine.
  String.raw`${INPUT}.{0,120}\bexceed\w*\b.{0,60}\b(?:tokens?|length|context|window)\b`,
  String.raw`\b(?:prompt|input)s? tokens?\b.{0,60}\bexceed|\b(?:prompt|input) token count\b.{0,60}\bexceed`,
  String.raw`\bexceed\w*\b.{0,40}\b(?:token|context|input|prompt|sequence)s?\b.{0,20}\b(?:limit|length|window|size|count)\b`,
  // Groq and Cerebras; Cohere; llama.cpp while it generates.
  String.raw`\breduce the length of (?:the|your) (?:messages|prompt|input)|\btoo many tokens\b.{0,60}\b(?:prompt|input)`,
  String.raw`\blimit exceeded by \d+ tokens|\bcontext shift is disabled`,
  // TGI and Together; Siliconflow; Vertex; DashScope; Bedrock.
  String.raw`\bmust have less than \d+ tokens|\btokens.? \+ .?max_new_tokens.? must be|\bprompt_tokens\b.{0,40}\bmust be less than`,
  String.raw`\binput token count is \d+ but|\brange of input length should be|\bexpected maxLength: \d+, actual: \d+`,
  // Chinese relays.
  String.raw`(?:输入|上下文|prompt).{0,20}(?:超过|超出|超长)`,
);

/** More output than the model can give, where the prompt has no part in it: a field of the caller's. */
export const TOO_MUCH_OUTPUT =
  /^(?!.*(?:\bcontext|\bprompt|\binputs?\b|\bmessages\b)).*\bmax[_ ]?(?:completion_|output_|new_)?tokens\b/is;

const FEATURE = String.raw`(?:tools?|tool[_ ](?:use|calls?|calling|choice)|function[_ ]?(?:calls?|calling)|functions|images?|image_url|vision|audio|video|multi-?modal\w*|thinking|reasoning(?![_ ]effort)|json(?:[_ ](?:mode|schema|object))?|structured outputs?|response[_ ]format|(?:system|developer)[_ ](?:prompt|role|message|instruction)s?|prefill|streaming)\b`;

/** A model, or a server as it was started, without something that a request needs. */
export const LACKS_FEATURE = anyOf(
  // OpenRouter.
  String.raw`\bno endpoints found that (?:can )?(?:support|handle)`,
  // Ollama, llama.cpp, OpenAI, Gemini, Mistral.
  String.raw`(?:\bnot|n't|\bcannot|\bonly) support(?:s|ed|ing)?\b.{0,60}\b${FEATURE}`,
  String.raw`\bunsupported\b.{0,40}\b(?:tools?|tool_choice|images?|image_url|audio|functions|response_format)\b`,
  String.raw`\b${FEATURE}.{0,80}(?:\bnot|n't|\bonly) (?:currently |yet )?(?:supported|enabled|available|allowed)\b`,
  // vLLM, llama.cpp, Ollama's runner, DeepSeek.
  String.raw`--enable-auto-tool-choice|--jinja\b|\bmmproj\b|\bnot a multimodal model|\bat most 0 (?:image|audio|video)`,
  String.raw`\bmissing data required for image|\bunknown variant .?image_url|\bresponse_format type is unavailable`,
);

/** Our account has nothing left to pay with. */
export const NO_MONEY = anyOf(
  // Anthropic, DeepSeek, OpenRouter, Gemini.
  String.raw`\bcredit balance is too low|\binsufficient[_ ](?:account[_ ])?(?:balance|credits?|funds|quota)\b`,
  String.raw`\b(?:balance|credits?|funds) (?:is |are |has been )?(?:insufficient|not enough|exhausted|depleted)`,
  String.raw`\b(?:not enough|out of) credits?\b|\bno credits? (?:left|remaining)|\bused all (?:of )?(?:your |the )?available credits`,
  // Anthropic, Ollama, xAI, OpenAI; Chinese providers.
  String.raw`\b(?:reached|exceeded|hit)\b.{0,40}\b(?:usage|spend|spending|billing) limits?\b|\bspending limit\b`,
  String.raw`\bbilling is not active|\bbudget has been exceeded|余额不足|欠费`,
  // Together, Hugging Face.
  String.raw`\bcredit limit (?:exceeded|reached)|\bexceeded your (?:monthly )?(?:included )?credits`,
);

/** Our account, our key, or where we call from. */
export const NO_ACCESS = anyOf(
  // OpenAI, Anthropic, Groq, Moonshot.
  String.raw`\b(?:account|organi[sz]ation|workspace|team|subscription|api key)\b(?: \S{1,64}){0,2}? (?:been|is|was|are) (?:\w+ly )?(?:deactivated|suspended|disabled|terminated|banned|restricted|frozen|locked|not active|overdue)\b`,
  String.raw`\b(?:deactivated|suspended|disabled|terminated) (?:account|organi[sz]ation)\b`,
  // Gemini, OpenAI, Azure, DashScope.
  String.raw`\bapi[ _-]?key\b.{0,40}\b(?:not valid|invalid|incorrect|expired|revoked|not found|leaked|missing|does not have)\b`,
  String.raw`\b(?:invalid|incorrect|wrong|missing|expired|no)\b.{0,20}\b(?:api|subscription)[ _-]?key\b`,
  String.raw`\buser location is not supported|\bcountry, region,? or territory\b`,
);

/** The prompt, or the answer, was refused for what it says. */
export const MODERATED = anyOf(
  // OpenRouter, OpenAI; xAI; Azure; DeepSeek; Moonshot; MiniMax; DashScope.
  String.raw`\b(?:input|prompt|content|messages?|request|output|response|text)\b.{0,40}\b(?:was|were|been|got) flagged\b`,
  String.raw`\bSAFETY_CHECK_|\bviolates? (?:our |the )?(?:usage|content|safety|community) (?:guidelines|polic(?:y|ies))`,
  String.raw`\bcontent management policy|\bcontent exists risk|\bconsidered high risk|\bnew_sensitive\b|\bDataInspectionFailed\b|\bcontent[ _]?policy[ _]?violation`,
  String.raw`\bcontains? (?:inappropriate|sensitive|unsafe|harmful|prohibited) (?:content|words)|敏感|违规内容`,
  // OpenAI, Anthropic, Gemini, Bedrock.
  String.raw`\b(?:blocked|rejected|refused|filtered|flagged)\b.{0,60}\b(?:content (?:filter\w*|moderation|safety|polic\w+)|safety (?:system|filter|polic\w+|setting\w*)|moderation|usage polic\w+|guardrails?)\b`,
);

/** "The model returned: required key not found" is about the key. */
const NOTHING_ELSE = String.raw`(?:(?!returned|error|\bkey|field|param|message|tool|function|\bfile|image|output|turn).)`;

/** The model that is configured is not there, or not for us. */
export const NO_MODEL = anyOf(
  // OpenAI, vLLM, Ollama, Gemini, DashScope, Azure, Perplexity, HF.
  String.raw`\b(?:models?|deployment)\b${NOTHING_ELSE}{0,100}?\b(?:not found|not exist|no longer available|not available)\b`,
  String.raw`\b(?:models?|deployment)\b${NOTHING_ELSE}{0,60}?\b(?:been|is|was) (?:deprecated|decommissioned|retired|removed)\b`,
  String.raw`\b(?:unknown|invalid|no such) (?:model|deployment)\b|\bnot a (?:valid model|chat model)`,
  // OpenRouter, Ollama, LM Studio, OpenAI, Together, Bedrock, Anthropic.
  String.raw`\bno endpoints found for\b|\btry pulling it\b|\bno models? (?:is |are )?loaded\b`,
  String.raw`\bnot have access to (?:the )?model\b|\bunable to access model\b`,
  // Moonshot; OpenAI and Azure, of a model that speaks another of their APIs.
  String.raw`\bnot found the model\b|\bonly supported in v1/|\boperation does not work with the specified model`,
  String.raw`\bon-demand throughput isn.t supported|\bmodel identifier is invalid|^model: `,
);

function anyOf(...patterns: readonly string[]): RegExp {
  return new RegExp(patterns.join('|'), 'ims');
}
