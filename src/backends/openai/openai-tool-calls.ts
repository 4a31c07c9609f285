import { randomUUID } from 'node:crypto';
import { isJsonObject, type JsonObject, stringOr } from '../../contract/json.js';
import type { ToolCallDelta } from '../../contract/stream-event.js';
import { protocolFault } from '../shared/errors/upstream-fault.js';
import { argumentsTextOf } from '../shared/answer/tool-arguments.js';

/** More is no answer: of each call is kept what it takes to know its pieces. */
const MAX_CALLS = 4096;
const MAX_NAME_CHARS = 64 * 1024;

interface Call {
  /** Its place among the calls of the answer. */
  readonly index: number;
  readonly id: string;
  /** The id is ours: the upstream gave none. */
  readonly isOurs: boolean;
  name: string;
  hasArguments: boolean;
}

/** A piece of a call as the upstream sent it. */
interface Piece {
  readonly index: number | undefined;
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/**
 * The pieces of an answer's tool calls, each with the place and id of its call. Servers leave the
 * index out, give every call the index 0, send calls whole, or send their arguments as an object.
 */
export class ToolCallReader {
  #count = 0;
  #last: Call | undefined;
  readonly #byIndex = new Map<number, Call>();

  constructor(private readonly backend: string) {}

  /** An answer with calls. */
  get hasCalls(): boolean {
    return this.#count > 0;
  }

  /**
   * @throws GatewayError `upstream_protocol` for more calls, or longer names, than are kept
   * @returns the pieces, and `toolCalls` as a client of OpenAI can read them where `given` are not
   */
  read(given: readonly unknown[]): {
    parts: readonly ToolCallDelta[];
    toolCalls: readonly JsonObject[] | undefined;
  } {
    const pieces = given.filter(isJsonObject);
    const parts = pieces.map((piece) => this.#readPiece(pieceOf(piece)));
    const isReadable = parts.every((part, n) => saysTheSame(pieces[n]!, part));
    return { parts, toolCalls: isReadable ? undefined : pieces.map(rewritten(parts)) };
  }

  #readPiece(piece: Piece): ToolCallDelta {
    const known = piece.index === undefined ? this.#last : this.#byIndex.get(piece.index);
    const isNew = known === undefined || beginsAnother(known, piece);
    const call = isNew ? this.#begin(piece) : known;
    const name = isNew || piece.name !== call.name ? piece.name : '';
    if (!isNew) call.name += name;
    if (this.#count > MAX_CALLS || call.name.length > MAX_NAME_CHARS) {
      throw protocolFault(this.backend, 'sent more calls of tools than an answer has');
    }
    if (piece.arguments !== '') call.hasArguments = true;
    this.#last = call;
    return {
      type: 'tool-call-delta',
      index: call.index,
      id: isNew ? call.id : undefined,
      name: name || undefined,
      arguments: piece.arguments,
    };
  }

  #begin({ index, id, name }: Piece): Call {
    const isOurs = id === '';
    const call: Call = {
      index: this.#count++,
      id: isOurs ? `call_${randomUUID()}` : id,
      isOurs,
      name,
      hasArguments: false,
    };
    this.#byIndex.set(index ?? call.index, call);
    return call;
  }
}

function pieceOf(call: JsonObject): Piece {
  const fn = functionIn(call);
  const { index } = call;
  return {
    // As a text, too.
    index: typeof index !== 'object' && Number.isInteger(Number(index)) ? Number(index) : undefined,
    id: stringOr(call['id'], ''),
    name: stringOr(fn['name'], ''),
    arguments: argumentsTextOf(fn['arguments']),
  };
}

function functionIn(call: JsonObject): JsonObject {
  return isJsonObject(call['function']) ? call['function'] : {};
}

/** A piece without a name goes on with its call; one with a name may repeat it with every piece. */
function beginsAnother(call: Call, { id, name, arguments: args }: Piece): boolean {
  if (name === '') return false;
  if (id !== '' && !call.isOurs) return id !== call.id;
  // A name may come in pieces, or behind the call's beginning: until there are arguments.
  return call.hasArguments && (name !== call.name || /^\s*\{/.test(args));
}

function saysTheSame(piece: JsonObject, { index, id, arguments: args }: ToolCallDelta): boolean {
  const { arguments: given } = functionIn(piece);
  return (
    piece['index'] === index && (id === undefined || piece['id'] === id) && (given ?? '') === args
  );
}

function rewritten(parts: readonly ToolCallDelta[]) {
  return (piece: JsonObject, n: number): JsonObject => {
    const { index, id, arguments: args } = parts[n]!;
    return {
      ...piece,
      index,
      ...(id && { id, type: 'function' }),
      function: { ...functionIn(piece), arguments: args },
    };
  };
}
