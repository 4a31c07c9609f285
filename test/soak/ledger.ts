import { isJsonObject, type JsonObject } from '../../src/contract/json.js';
import { strictChat, strictCompletion, type StrictStream } from '../support/strict-stream.js';
import { tokensOf } from './answers.js';
import { type Outcome, wrongRequestOf } from './caller.js';
import type { Plan } from './plan.js';
import type { EndedLine } from '../load/watched-sluice.js';

const MAX_VIOLATIONS = 20;

/** What a caller saw: a whole answer, one that failed after its beginning or before it, or neither. */
type View = 'whole' | 'failed' | 'refused' | 'nothing' | 'left';

/** What both sides say of every request, held against each other and against what was to be answered. */
export class Ledger {
  /** How often callers of a manner saw what. */
  readonly views = new Map<string, number>();
  /** How often Sluice's log says so. */
  readonly ends = new Map<string, number>();
  readonly violations: string[] = [];
  /** Requests that Sluice has to have counted, as streams or as rejections. */
  counted = 0;
  violationCount = 0;
  /** Lines of the log about generations. */
  lines = 0;
  readonly #reasons = new Map<number, string>();
  readonly #open = new Map<number, { readonly plan: Plan; readonly view: View }>();

  constructor(private readonly seed: number) {}

  ended({ requestId, endReason }: EndedLine): void {
    const n = Number(requestId.replace('soak-', ''));
    this.lines += 1;
    increment(this.ends, endReason);
    if (this.#reasons.has(n)) this.#violated(n, `it ended twice, the second time as ${endReason}`);
    this.#reasons.set(n, endReason);
  }

  returned(plan: Plan, outcome: Outcome): void {
    // HEAD, and an EventSource that reconnects.
    if (plan.manner !== 'asksForNothing') this.counted += 1;
    let view: View = 'nothing';
    try {
      view = this.#viewOf(plan, outcome);
    } catch (error) {
      this.#violated(
        plan.n,
        `${plan.form}, ${plan.manner}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    increment(this.views, `${plan.manner}: ${view}`);
    this.#open.set(plan.n, { plan, view });
  }

  /** Compares what callers saw with what the log says, once all lines are there; forgets both. */
  settle(): void {
    for (const [n, { plan, view }] of this.#open) {
      const reason = this.#reasons.get(n);
      const isDone = reason === 'completed';
      if (
        plan.manner === 'asksWrongly' ||
        plan.manner === 'asksForNothing' ||
        plan.manner === 'abortsBody'
      ) {
        if (reason !== undefined)
          this.#violated(n, `${plan.manner}, and yet a generation ${reason}`);
      } else if (view === 'whole' && !isDone) {
        this.#violated(n, `the caller has a whole answer, the log says ${reason}`);
      } else if (view === 'failed' && (isDone || reason === undefined)) {
        this.#violated(n, `the caller has a failure, the log says ${reason}`);
      } else if (view === 'refused' && isDone) {
        this.#violated(n, 'the caller has an error, the log says completed');
      }
    }
    for (const [n, reason] of this.#reasons) {
      if (!this.#open.has(n)) this.#violated(n, `nobody asked, and yet a generation ${reason}`);
    }
    this.#open.clear();
    this.#reasons.clear();
  }

  #viewOf(plan: Plan, outcome: Outcome): View {
    if (outcome.how === 'unanswered') throw new Error(`no answer (${outcome.error})`);
    if (outcome.how === 'left') return outcome.sawEnd ? 'whole' : 'left';
    if (plan.manner === 'asksForNothing') return this.#expectStatus(outcome.status, [200, 204]);
    if (plan.manner === 'asksWrongly') {
      // While nobody is let in, that is said before a body is read.
      if (outcome.status === 503 && codeOf(outcome) === 'overloaded') return refusal(outcome);
      return this.#expectStatus(outcome.status, [wrongRequestOf(plan).status]);
    }
    if (outcome.status !== 200) return refusal(outcome);
    return plan.form === 'plain' ? this.#plain(plan, outcome) : this.#streamed(plan, outcome);
  }

  #expectStatus(status: number, expected: readonly number[]): View {
    if (!expected.includes(status))
      throw new Error(`status ${status} instead of ${expected.join(' or ')}`);
    return 'nothing';
  }

  #plain(plan: Plan, { text, end }: Answered): View {
    if (end !== 'clean') throw new Error('a plain answer that was cut');
    const message = firstChoice(JSON.parse(text) as JsonObject)['message'];
    this.#expectText(plan, isJsonObject(message) ? String(message['content']) : '', true);
    return 'whole';
  }

  #streamed(plan: Plan, { text, end }: Answered): View {
    const isV1 = plan.form === 'v1';
    const stream = isV1 ? strictCompletion(text, end) : strictChat(text, end);
    const isWhole = stream.terminal === 'done';
    const said = stream.events.map(isV1 ? textOfChunk : textOfEvent).join('');
    if (plan.length !== 'endless') this.#expectText(plan, said, isWhole);
    return isWhole ? 'whole' : 'failed';
  }

  /** Every token in its order, none twice: all of them, or a beginning. */
  #expectText({ n, length }: Plan, text: string, isWhole: boolean): void {
    const expected = tokensOf(this.seed, n, length).join('');
    if (isWhole ? text === expected : expected.startsWith(text)) return;
    const what = isWhole ? 'the whole answer' : 'the beginning of the answer';
    throw new Error(
      `${what} is ${JSON.stringify(text.slice(0, 200))} instead of ${JSON.stringify(expected.slice(0, 200))}`,
    );
  }

  #violated(n: number, what: string): void {
    this.violationCount += 1;
    if (this.violations.length < MAX_VIOLATIONS) this.violations.push(`${n}: ${what}`);
  }
}

type Answered = Extract<Outcome, { how: 'answered' }>;

function refusal({ status, text, end }: Answered): View {
  const { error } = JSON.parse(text) as { error?: { message?: unknown } };
  if (status < 400 || end !== 'clean' || typeof error?.message !== 'string') {
    throw new Error(`status ${status} with ${text}`);
  }
  return 'refused';
}

function codeOf({ text }: Answered): unknown {
  return (JSON.parse(text) as { error?: { code?: unknown } }).error?.code;
}

function textOfChunk({ data }: StrictStream['events'][number]): string {
  const delta = firstChoice(data)['delta'];
  return isJsonObject(delta) && typeof delta['content'] === 'string' ? delta['content'] : '';
}

function textOfEvent({ type, data }: StrictStream['events'][number]): string {
  return type === 'message' ? String(data['text']) : '';
}

function firstChoice(json: JsonObject): JsonObject {
  const choices = json['choices'];
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return isJsonObject(choice) ? choice : {};
}

function increment(tally: Map<string, number>, name: string): void {
  tally.set(name, (tally.get(name) ?? 0) + 1);
}
