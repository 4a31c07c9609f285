import { type Fault, FAULTS, type BreakerEffect } from '../../../contract/faults.js';
import { FAULT_RULES, type FaultRule, faultOfStatus } from './fault-table.js';
import type { UpstreamError } from './upstream-error.js';

/** What an upstream's error means. */
export interface Verdict {
  readonly fault: Fault;
  /** For the target, where that is not what the fault usually means. */
  readonly breakerEffect?: BreakerEffect | undefined;
  /** The piece of the upstream's sentence that takes the target from others. */
  readonly said?: string | undefined;
}

/** Whose fault an upstream's error is, by the first row of the table that knows its words or its sentence. */
export function faultOf({ status, text = '', words = [] }: UpstreamError): Verdict {
  const known = new Set(words.flatMap(spellings));
  const bare = unquoted(text);
  const rule = RULES.find(({ fault, statuses, names, says }) => {
    if (statuses && !statuses.has(status)) return false;
    if (names.length === 0 && !says) return true;
    return names.some((name) => known.has(name)) || says?.test(closes(fault) ? bare : text);
  });
  if (rule) {
    const said = closes(rule.fault) ? rule.says?.exec(bare)?.[0] : undefined;
    return { fault: rule.fault, breakerEffect: rule.breakerEffect, said };
  }
  const fault = faultOfStatus(status);
  // A 4xx that names neither key nor quota nor model may be about this one request.
  return { fault, breakerEffect: isRefusal(status) && closes(fault) ? 'suspect' : undefined };
}

const RULES = FAULT_RULES.map(({ status, words = '', ...rule }: FaultRule) => ({
  ...rule,
  statuses: status && new Set(status),
  names: words.split(/\s+/).filter(Boolean).map(spelling),
}));

/** Whether it takes the target away from other requests. */
function closes(fault: Fault): boolean {
  return FAULTS[fault].breaker !== 'ignore';
}

function isRefusal(status: number | undefined): boolean {
  return (
    status !== undefined &&
    status >= 400 &&
    status < 500 &&
    faultOfStatus(status) !== 'rate_limited' &&
    status !== 408
  );
}

/** `InternalError.Algo.DataInspectionFailed` and `com.amazon#ThrottlingException` by their parts, too. */
function spellings(word: string): string[] {
  return [word, ...word.split(/[.#:/<>]+/)].map(spelling);
}

/** One spelling for `invalid_api_key` and `InvalidApiKey`. */
function spelling(word: string): string {
  return word.toLowerCase().replaceAll(/[_\-\s]/g, '');
}

/**
 * What stands in quotation marks, in a URL or behind "argument:" may be the caller's own words: a
 * request must not be able to say that our key is wrong.
 */
function unquoted(text: string): string {
  return text
    .replaceAll(/\b[a-z][a-z0-9+.-]{1,15}:\/\/\S*/gi, ' ')
    .replaceAll(/\b(?:functions?|tools?|schemas?|messages\[\d+\])[^:\n]{0,80}:[^\n]*/gi, ' ')
    .replaceAll(/\b(?:arguments?|parameters?|fields?|propert(?:y|ies))\b[^:\n]{0,20}:[^\n]*/gi, ' ')
    .replaceAll(/(?<!\w)(["'`])(?:(?!\1(?!\w)).)*\1(?!\w)|“[^”“]*”/gs, ' ');
}
