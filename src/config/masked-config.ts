import { isJsonObject, type JsonObject } from '../contract/json.js';
import type { GatewayConfig } from './schema/gateway-config.js';

const MASK = '***';

/** Whatever stands below these is a secret, or proves one: Gemini's key is in the query. */
const SECRET_KEYS = new Set(['apiKey', 'headers', 'query', 'hashes']);

/** Fields of an upstream's request (`targets[].set`) may be a key, too: LiteLLM takes an `api_key`. */
const SECRET_NAME = /key|token|secret|passw|credential|auth/i;

/** A configuration as it holds, completed, without anything that nobody but Sluice may know. */
export function maskedConfig(config: GatewayConfig): JsonObject {
  // As JSON: what is absent is not there.
  return masked(JSON.parse(JSON.stringify(config))) as JsonObject;
}

type IsSecret = (key: string) => boolean;

const isSecretKey: IsSecret = (key) => SECRET_KEYS.has(key);
const isSecretName: IsSecret = (key) => SECRET_NAME.test(key);

function masked(value: unknown, isSecret = isSecretKey, isBelow = false): unknown {
  if (Array.isArray(value)) return value.map((each) => masked(each, isSecret, isBelow));
  if (isJsonObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [
        key,
        masked(each, key === 'set' ? isSecretName : isSecret, isBelow || isSecret(key)),
      ]),
    );
  }
  if (isBelow) return typeof value === 'string' ? MASK : value;
  return typeof value === 'string' ? maskedUrl(value) : value;
}

/** Of a URL what says where it leads: users, passwords and queries may be secrets. */
function maskedUrl(text: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text;
  if (!URL.canParse(text)) return MASK;
  const url = new URL(text);
  if (url.username !== '') url.username = MASK;
  if (url.password !== '') url.password = MASK;
  if (url.search !== '') url.search = MASK;
  url.hash = '';
  return url.href;
}
