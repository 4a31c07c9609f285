import { parser } from '@prometheus-io/lezer-promql';

/** The metrics of an expression, and the labels that it wants of them. */
export interface Names {
  readonly metrics: ReadonlySet<string>;
  /** A label, and the metrics of which at least one has to have it. */
  readonly labels: readonly { readonly label: string; readonly of: ReadonlySet<string> }[];
}

type Node = ReturnType<typeof parser.parse>['topNode'];

/** @throws Error where it is no PromQL */
export function namesIn(expr: string): Names {
  const { topNode } = parser.parse(expr);
  const nodes = allBelow(topNode);
  if (nodes.some(({ type }) => type.isError)) throw new Error(`It is no PromQL: ${expr}`);
  const textOf = ({ from, to }: Node) => expr.slice(from, to);
  const metricsBelow = (node: Node) =>
    new Set(
      allBelow(node)
        .filter(({ name, parent }) => name === 'Identifier' && parent?.name === 'VectorSelector')
        .map(textOf),
    );
  // A matcher is about its own metric, `by` and `on` about all that they stand for.
  const labels = nodes
    .filter(({ name }) => name === 'LabelName')
    .map((node) => ({ label: textOf(node), of: metricsBelow(subjectOf(node)) }));
  return { metrics: metricsBelow(topNode), labels };
}

function subjectOf(label: Node): Node {
  const wanted = new Set(['VectorSelector', 'AggregateExpr', 'BinaryExpr']);
  let node: Node | null = label.parent;
  while (node && !wanted.has(node.name)) node = node.parent;
  if (!node) throw new Error('A label that belongs to nothing.');
  return node;
}

function allBelow(node: Node): Node[] {
  const nodes = [node];
  for (let child = node.firstChild; child; child = child.nextSibling)
    nodes.push(...allBelow(child));
  return nodes;
}
