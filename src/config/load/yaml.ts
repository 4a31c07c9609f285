import { type Document, type ErrorCode, LineCounter, parseDocument, visit } from 'yaml';
import type { ConfigPath } from './config-path.js';
import { offsetOf } from './yaml-offset.js';

/** A text as YAML reads it; `value` is null for an empty one, and holds only when nothing is wrong. */
export interface ParsedYaml {
  readonly value: unknown;
  readonly faults: readonly YamlFault[];
  /** The line on which something stands, or what it would stand in. */
  readonly lineOf: (path: ConfigPath) => number | undefined;
}

interface YamlFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** What is wrong, by the parser's code: its own messages quote the text, which may hold keys. */
const COMPLAINTS: Partial<Record<ErrorCode | 'NO_ANCHOR' | 'TOO_MANY_ALIASES', string>> = {
  BAD_ALIAS: 'a text that starts with "*" or "&" needs quotes',
  BAD_DQ_ESCAPE: 'an escape sequence (\\…) is wrong: in single quotes there are none',
  BAD_INDENT: 'the indentation is wrong, or a bracket is not closed',
  BAD_SCALAR_START: 'a text that starts with this character needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'the indentation is wrong, or a text with ": " in it needs quotes',
  DUPLICATE_KEY: 'this key is there already',
  MISSING_CHAR: 'a quote, a bracket, a comma or a colon is missing',
  MULTIPLE_DOCS: 'only one document may be in the file',
  NO_ANCHOR: 'no anchor (&name) belongs to this alias; a text that starts with "*" needs quotes',
  NON_STRING_KEY: 'a key must be a text',
  TAB_AS_INDENT: 'YAML is indented with spaces, not with tabs',
  TAG_RESOLVE_FAILED: 'tags (!name) are not supported; ${NAME} and ${file:/path} are',
  TOO_MANY_ALIASES: 'the aliases (*name) in this file multiply beyond reason',
};

export function parseYaml(text: string): ParsedYaml {
  const counter = new LineCounter();
  const options = { prettyErrors: false, stringKeys: true, logLevel: 'error' } as const;
  const document = parseDocument(text, { ...options, lineCounter: counter });
  const errors = [...document.errors, ...document.warnings].map(({ code, pos }) =>
    faultAt(pos[0], code),
  );
  if (errors.length > 0) return { value: null, faults: firstOfEachLine(errors), lineOf };
  const dangling = danglingAliases(document).map((offset) => faultAt(offset, 'NO_ANCHOR'));
  if (dangling.length > 0) return { value: null, faults: dangling, lineOf };
  try {
    return { value: document.toJS(), faults: [], lineOf };
  } catch {
    return { value: null, faults: [faultAt(0, 'TOO_MANY_ALIASES')], lineOf };
  }

  function lineOf(path: ConfigPath): number | undefined {
    const offset = offsetOf(path, document);
    return offset === undefined ? undefined : counter.linePos(offset).line;
  }

  function faultAt(offset: number, code: keyof typeof COMPLAINTS): YamlFault {
    const { line, col: column } = counter.linePos(offset);
    const complaint = COMPLAINTS[code] ?? 'this is not YAML';
    const isExpression = text.split('\n')[line - 1]?.includes('${') === true;
    const hint = isExpression ? '; inside { } and [ ] a ${…} needs quotes' : '';
    return { line, column, message: complaint + hint };
  }
}

/** One slip makes a parser stumble several times in a line: the first says it best. */
function firstOfEachLine(faults: readonly YamlFault[]): YamlFault[] {
  return faults.filter(
    (fault, index) => faults.findIndex(({ line }) => line === fault.line) === index,
  );
}

/** Where the aliases are that stand for nothing; `toJS` would throw at the first one. */
function danglingAliases(document: Document.Parsed): number[] {
  const offsets: number[] = [];
  visit(document, {
    Alias(_, alias) {
      if (!alias.resolve(document)) offsets.push(alias.range?.[0] ?? 0);
    },
  });
  return offsets;
}
