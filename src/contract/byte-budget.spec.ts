import { describe, expect, it } from 'vitest';
import { ByteBudget } from './byte-budget.js';
import { GatewayError } from './gateway-error.js';

const budgetOf = (maxBytes: number, freeBytes?: number) =>
  new ByteBudget({ maxBytes, freeBytes, what: 'bodies' });

describe('A budget of bytes', () => {
  it('refuses what is more than all together may hold, and changes nothing then', () => {
    const budget = budgetOf(10);
    const [one, other] = [budget.open(), budget.open()];
    one.hold(6);
    expect(() => other.growTo(5)).toThrow(GatewayError);
    other.growTo(4);
  });

  it('lets each have its free share, however full it is', () => {
    const budget = budgetOf(10, 5);
    budget.open().hold(15);
    budget.open().hold(5);
    expect(() => budget.open().hold(6)).toThrow(GatewayError);
  });

  it('has all of it again from whom has given it back, whatever that one still asks for', () => {
    const budget = budgetOf(10);
    const gone = budget.open();
    gone.hold(10);
    gone[Symbol.dispose]();
    gone.growTo(8);
    gone.hold(8);
    budget.open().hold(10);
    expect(() => budget.open().hold(1)).toThrow(GatewayError);
  });
});
