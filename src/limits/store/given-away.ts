import type { Window } from '../window.js';

export interface Count {
  readonly window: Window;
  readonly used: number;
}

/**
 * Which `excess` counts had better be forgotten where there are too many: callers in mode open are
 * addresses, of which an attacker has as many as it likes. The kind (callers, models) that has most
 * of them gives first, so that no crowd of the one displaces the other. Of a kind minutes go before
 * days and months; of those whatever was used least, which is what a crowd brings.
 * @param counts the one used longest ago first
 */
export function givenAway(counts: Iterable<Count>, excess: number): readonly Count[] {
  const kinds = groupsOf(counts, ({ window: { key } }) => key.slice(0, key.indexOf(':')));
  return fromLongest(kinds, excess, (kind, many) => {
    const { minutes = [], longer = [] } = Object.groupBy(kind, ({ window: { period } }) =>
      period === 'minute' ? 'minutes' : 'longer',
    );
    const given = fromLongest(groupsOf(minutes, unitOf), many, (unit, few) => unit.slice(0, few));
    const left = many - given.length;
    return [...given, ...fromLongest(groupsOf(longer, unitOf), left, leastUsed)];
  });
}

type Give = (counts: readonly Count[], many: number) => readonly Count[];

/** Takes from the longest list until it is as long as the next one, then from both. */
function fromLongest(lists: readonly Count[][], many: number, give: Give): readonly Count[] {
  const left = lists.map(({ length }) => length);
  for (let taken = 0; taken < many; taken += 1) {
    const longest = Math.max(...left);
    if (!(longest > 0)) break;
    left[left.indexOf(longest)] = longest - 1;
  }
  return lists.flatMap((list, at) => give(list, list.length - (left[at] ?? 0)));
}

function leastUsed(counts: readonly Count[], many: number): readonly Count[] {
  if (many === 0) return [];
  return counts.toSorted((one, other) => one.used - other.used).slice(0, many);
}

function groupsOf(counts: Iterable<Count>, groupOf: (count: Count) => string): Count[][] {
  return [...Map.groupBy(counts, groupOf).values()];
}

/** Unit and period, as `nameOfCount` has them: only such can be compared. The id may hold anything. */
function unitOf({ window: { key, period } }: Count): string {
  return `${key.split(':').at(-3)}:${period}`;
}
