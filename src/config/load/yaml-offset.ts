import { type Document, isAlias, isMap, isNode, isPair, isScalar, isSeq } from 'yaml';
import { type ConfigPath, keysOf } from './config-path.js';

/**
 * Where in the text something stands; what is missing stands where it would belong. Only the way
 * there is looked at: aliases may make the whole of a document very large.
 */
export function offsetOf(path: ConfigPath, document: Document.Parsed): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const key of keysOf(path)) {
    const child = childOf(isAlias(node) ? node.resolve(document) : node, key);
    if (!child) break;
    ({ node, offset = offset } = child);
  }
  return offset;
}

interface Child {
  readonly node: unknown;
  readonly offset: number | undefined;
}

function childOf(node: unknown, key: string | number): Child | undefined {
  if (isSeq(node)) {
    const item: unknown = node.items[Number(key)];
    return isNode(item) ? { node: item, offset: item.range?.[0] } : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(
    (each) => isPair(each) && isScalar(each.key) && each.key.value === key,
  );
  if (!pair || !isScalar(pair.key)) return undefined;
  return { node: pair.value, offset: pair.key.range?.[0] };
}
