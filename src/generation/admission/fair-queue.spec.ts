import { describe, expect, it } from 'vitest';
import { FairQueue, type Queued } from './fair-queue.js';

const ANY = () => true;

/** Written `flow` + `ticket`: `a1`. Flows with a capital letter are batch. */
function waiter(name: string): Queued & { readonly name: string } {
  const flow = name[0]!;
  const priority = flow === flow.toUpperCase() ? 'batch' : 'interactive';
  return { name, flow, priority, ticket: Number(name.slice(1)) };
}

function queueOf(...names: string[]) {
  const queue = new FairQueue<ReturnType<typeof waiter>>();
  const waiters = names.map(waiter);
  for (const each of waiters) queue.add(each);
  const take = (accepts: (name: string) => boolean = ANY) =>
    queue.take(({ name }) => accepts(name))?.name;
  const rest = () => {
    const taken: string[] = [];
    for (let name = take(); name; name = take()) taken.push(name);
    return taken.join(' ');
  };
  const remove = (name: string) => queue.remove(waiters.find((each) => each.name === name)!);
  return { queue, take, rest, remove };
}

describe('FairQueue', () => {
  it('serves the waiters of one flow in the order of arrival', () => {
    expect(queueOf('a1', 'a2', 'a3').rest()).toBe('a1 a2 a3');
  });

  it('serves flows in turns, however many waiters one flow has', () => {
    expect(queueOf('a1', 'a2', 'a3', 'a4', 'b5', 'c6', 'b7').rest()).toBe('a1 b5 c6 a2 b7 a3 a4');
  });

  it('does not let a flow that returns overtake flows that wait for their first turn', () => {
    const { queue, take, rest } = queueOf('a1', 'b2', 'c3');
    expect(take()).toBe('a1');
    queue.add(waiter('a4'));
    expect(rest()).toBe('b2 c3 a4');
  });

  it('passes over a waiter that does not accept, and leaves its flow its turn', () => {
    const { take, rest } = queueOf('a1', 'a2', 'b3', 'b4');
    expect(take((name) => name.startsWith('b'))).toBe('b3');
    expect(take((name) => name !== 'a1')).toBe('a2');
    expect(rest()).toBe('b4 a1');
  });

  it('takes nothing when no waiter accepts, and keeps them all', () => {
    const { take, rest } = queueOf('a1', 'b2');
    expect(take(() => false)).toBeUndefined();
    expect(rest()).toBe('a1 b2');
  });

  it('asks no waiter behind the one that accepts', () => {
    const { take } = queueOf('a1', 'b2', 'c3');
    const asked: string[] = [];
    take((name) => {
      asked.push(name);
      return name === 'b2';
    });
    expect(asked).toEqual(['a1', 'b2']);
  });

  it('adds a waiter before the waiters of its flow that arrived later', () => {
    const { queue, rest } = queueOf('a4', 'a6', 'b5');
    queue.add(waiter('a2'));
    queue.add(waiter('a5'));
    expect(rest()).toBe('a2 b5 a4 a5 a6');
  });

  it('removes a waiter, and with the last waiter its flow', () => {
    const { queue, remove, rest } = queueOf('a1', 'a2', 'b3');
    remove('a1');
    remove('b3');
    remove('b3');
    queue.add(waiter('b4'));
    expect(rest()).toBe('a2 b4');
    expect(rest()).toBe('');
  });

  it('serves interactive flows before batch flows, each in turns', () => {
    expect(queueOf('A1', 'A2', 'B3', 'a4', 'a5', 'b6').rest()).toBe('a4 b6 a5 A1 B3 A2');
  });

  it('lets a batch waiter go first at every eighth turn', () => {
    const names = Array.from({ length: 18 }, (_, at) => `a${at + 2}`);
    const order = queueOf('A0', 'A1', ...names)
      .rest()
      .split(' ');
    expect([order.indexOf('A0'), order.indexOf('A1')]).toEqual([7, 15]);
  });

  it('keeps a batch waiter its turn while it does not accept', () => {
    const names = Array.from({ length: 12 }, (_, at) => `a${at + 1}`);
    const { take } = queueOf('A0', ...names);
    for (let turn = 0; turn < 10; turn += 1) expect(take((name) => name !== 'A0')).toMatch('a');
    expect(take()).toBe('A0');
  });

  it.each([7, 77, 777])(
    'serves no batch waiter before an interactive one but at its turn, and none later, in any order of events (%i)',
    (seed) => {
      let state = seed;
      const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
      const queue = new FairQueue<ReturnType<typeof waiter>>();
      const waiting = new Set<ReturnType<typeof waiter>>();
      let passed = 0;
      const wrong: string[] = [];
      for (let step = 0; step < 5000; step += 1) {
        const what = random(4);
        if (what < 2 && waiting.size < 40) {
          const next = waiter(`${'abAB'[random(4)]!}${step}`);
          waiting.add(next);
          queue.add(next);
          continue;
        }
        const [left] = waiting;
        const has = (priority: string) => [...waiting].some((each) => each.priority === priority);
        const [hasInteractive, hasBatch] = [has('interactive'), has('batch')];
        const taken = what === 3 ? left : queue.take(ANY);
        if (what === 3 && left) queue.remove(left);
        if (taken) waiting.delete(taken);
        else if (left) wrong.push(`${step}: took nothing`);
        if (what === 3 || !taken) continue;
        const isEarly = taken.priority === 'batch' && hasInteractive && passed < 7;
        passed = taken.priority === 'interactive' && hasBatch ? passed + 1 : 0;
        if (isEarly || passed > 7) wrong.push(`${step}: took ${taken.name}`);
      }
      expect(wrong).toEqual([]);
    },
  );

  it('comes to every waiter, also where those before it are removed as they come', () => {
    const { queue } = queueOf('a1', 'a2', 'b3', 'a4');
    const came: string[] = [];
    for (const one of queue) {
      came.push(`${one.flow}${one.ticket}`);
      queue.remove(one);
    }
    expect(came).toEqual(['a1', 'a2', 'a4', 'b3']);
    expect(queue.isEmpty).toBe(true);
  });
});
